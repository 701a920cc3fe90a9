"""Settings of a client, and what the clients that were made of it share."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from ._position import Position
from ._request import segment
from .retry import Retry

ANSWER_TIMEOUT = 60.0
"""The server itself gives up after 45 s at most."""


@dataclass(frozen=True)
class Options:
    base_url: str
    # A secret: neither shown nor compared.
    token: Any = field(repr=False, compare=False)
    timeout: float
    retry: Retry
    # For whom a back end asks.
    user: str | None = field(default=None, repr=False)
    position: Position = field(repr=False, compare=False, default_factory=Position)

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("base_url must be an address such as http://127.0.0.1:8080")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("base_url must have no user, password, query or fragment; give a token as `token`")

    def user_fields(self) -> dict[str, str]:
        return {} if self.user is None else {"Cooly-User": segment(self.user)}

    def url(self, path: str) -> str:
        return self.base_url.rstrip("/") + path


def authorization(token: str) -> str:
    """The header. What cannot be in one is refused here, since others would repeat the whole token in their error."""
    token = token.strip()
    if not token or not all("!" <= letter <= "~" for letter in token):
        raise ValueError("the token is empty or has characters that no token has, such as blanks: is it cut off?")
    return f"Bearer {token}"
