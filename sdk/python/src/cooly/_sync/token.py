"""The token of a request: given, or asked for anew each time, so that one that ended is replaced.

# Written by hand for each of the two clients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Token: TypeAlias = str | Callable[[], str] | None


def bearer(token: Token) -> str | None:
    return token() if callable(token) else token
