"""The embedded index: answers like PyPI, on loopback, for as long as a rehearsal runs."""
