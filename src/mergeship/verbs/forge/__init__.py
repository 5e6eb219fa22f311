"""Plan and apply the repository's settings on GitHub."""
