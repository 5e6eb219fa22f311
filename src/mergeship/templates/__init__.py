"""The files that `mergeship init` writes, as data."""
