"""The client.

Made by generate/generate.py from its twin in `_async`. Do not edit.
"""

from __future__ import annotations

import dataclasses
from types import TracebackType
from typing import Any

import httpx

from .._options import ANSWER_TIMEOUT, Options
from ..retry import Retry
from .resources import (
    Accounts,
    ApiKeys,
    Audit,
    Credits,
    DeadLetters,
    Operations,
    Webhooks,
)
from .token import Token
from .transport import Transport
from .waiting import WaitingGenerations

UNSET: Any = object()


class Cooly:
    """A client of Cooly's API. Close it, or use it with `with`.

    Args:
        base_url: Where the server is, such as `http://127.0.0.1:8080`.
        token: A token, or a function that returns one; it is called for every attempt.
        timeout: Seconds to wait for an answer; what a request asks the server to wait comes on top.
        retry: How often to try again, and the pauses between.
        http_client: Your own client of httpx, with proxies or certificates; you close it.
        user: For whom to ask; only with an API key of the scope `backend`, which needs it.
    """

    def __init__(
        self,
        base_url: str,
        token: Token = None,
        *,
        timeout: float = ANSWER_TIMEOUT,
        retry: Retry | None = None,
        http_client: httpx.Client | None = None,
        user: str | None = None,
    ) -> None:
        self._owns_http = http_client is None
        http = http_client if http_client is not None else httpx.Client()
        self._start(Options(base_url, token, timeout, retry or Retry(), user), http)

    def _start(self, options: Options, http: httpx.Client) -> None:
        self._options, self._http = options, http
        transport = Transport(options, http)
        self.accounts = Accounts(transport)
        self.api_keys = ApiKeys(transport)
        self.audit = Audit(transport)
        self.credits = Credits(transport)
        self.dead_letters = DeadLetters(transport)
        self.generations = WaitingGenerations(transport)
        self.operations = Operations(transport)
        self.webhooks = Webhooks(transport)

    def with_options(
        self,
        *,
        token: Token = UNSET,
        timeout: float | None = None,
        retry: Retry | None = None,
        user: str | None = UNSET,
    ) -> Cooly:
        """A client that differs in these, on the same connections. What either writes, the lists of both show."""
        changed: dict[str, Any] = {} if token is UNSET else {"token": token}
        if timeout is not None:
            changed["timeout"] = timeout
        if retry is not None:
            changed["retry"] = retry
        if user is not UNSET:
            changed["user"] = user
        other = Cooly.__new__(Cooly)
        other._owns_http = False
        other._start(dataclasses.replace(self._options, **changed), self._http)
        return other

    @property
    def position(self) -> int | None:
        """The newest position of the log that this client was told: its lists show what was written up to it."""
        return self._options.position.newest

    def read_at_least(self, position: int) -> None:
        """Let lists show what another process wrote: its `position`."""
        self._options.position.seen(position)

    def close(self) -> None:
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Cooly:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options.base_url!r})"
