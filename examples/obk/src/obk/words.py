"""Words, and how often they come."""

import re
from collections import Counter


def count(text: str) -> list[tuple[str, int]]:
    """Each word of a text in small letters with its number, the most frequent first, then by the alphabet."""
    words = Counter(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.lower()))
    return sorted(words.items(), key=lambda item: (-item[1], item[0]))
