"""What several stages share: where a project stands, what was merged, and the steps of one release."""
