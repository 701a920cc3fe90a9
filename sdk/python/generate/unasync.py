"""Makes the client that waits out of the one that awaits, so that the two cannot differ."""

from __future__ import annotations

import re

WORDS = [
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\b(_?)Async([A-Z]\w*)", r"\1\2"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\ba(close|iter_bytes|iter_raw|read)\b", r"\1"),
    (r"\basyncio\b", "time"),
    (r"\b_async\b", "_sync"),
]


NOTE = "\n\nMade by generate/generate.py from its twin in `_async`. Do not edit.\n"


def unasync(text: str) -> str:
    if "Do not edit." not in text:
        # The first docstring is the module's own.
        start = text.index('"""', 3)
        text = text[:start].rstrip("\n") + NOTE + text[start:]
    for pattern, replacement in WORDS:
        text = re.sub(pattern, replacement, text)
    return text.replace(NOTE.replace("_async", "_sync"), NOTE)
