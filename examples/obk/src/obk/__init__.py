"""Counts the words of a text."""

from importlib.metadata import version

from obk.words import count

__all__ = ["__version__", "count"]
__version__ = version("obk")
