"""The console script."""

import sys

from obk.words import count


def main() -> int:
    """Count the words of standard input."""
    for word, number in count(sys.stdin.read()):
        print(word, number)
    return 0
