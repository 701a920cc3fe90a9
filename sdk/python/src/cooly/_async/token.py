"""The token of a request: given, or asked for anew each time, so that one that ended is replaced.

# Written by hand for each of the two clients.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TypeAlias

AsyncToken: TypeAlias = str | Callable[[], str] | Callable[[], Awaitable[str]] | None


async def bearer(token: AsyncToken) -> str | None:
    if not callable(token):
        return token
    value = token()
    return await value if inspect.isawaitable(value) else value
