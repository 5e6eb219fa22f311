"""Merge to `main`, and it is on PyPI: exactly once, tested, and announced."""

__version__ = "0.0.0"
