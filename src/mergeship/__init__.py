"""Merge to `main`, and it is on PyPI: once, tested, and told."""

__version__ = "0.0.0"
