"""The world of rehearsals and tests: a forge, an index and a Sigstore that answer like the real ones."""
