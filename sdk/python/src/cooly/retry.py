"""When to try again, and after how long."""

from __future__ import annotations

import email.utils
import random
import time
from dataclasses import dataclass

STATUSES = frozenset({408, 429, 502, 503, 504})
"""Refused before anything was done, or known by the same key afterwards."""

CODES = frozenset({"body_cut_off"})


@dataclass(frozen=True)
class Retry:
    """How often a request is tried, and the pauses between.

    Only what may be repeated is tried again: reads, and writes with an idempotency key.
    """

    attempts: int = 5
    """Attempts in all; 1 for never again."""
    first_pause: float = 0.25
    """Seconds before the second attempt, about; each later pause is twice as long."""
    longest_pause: float = 8.0
    """No pause of ours is longer."""
    longest_retry_after: float = 60.0
    """A server that asks to wait longer than this gets no second attempt: the error tells how long."""

    def pause(self, failures: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after so many failures, or None to give up."""
        if failures >= self.attempts:
            return None
        if retry_after is not None:
            # A little later than asked for, so that not everybody comes back at once.
            return retry_after + random.uniform(0, 0.1) if retry_after <= self.longest_retry_after else None
        longest = min(self.longest_pause, self.first_pause * 2.0 ** min(failures - 1, 30))
        return longest * random.uniform(0.5, 1)


def retry_after(value: str | None) -> float | None:
    """Seconds that a `Retry-After` asks for: it has a number of them, or a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
