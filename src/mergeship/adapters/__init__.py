"""Effects: git, index, builder, environment, job, files. None imports another."""
