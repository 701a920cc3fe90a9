"""A request before it is sent: made by the generated methods, carried out by the transports."""

from __future__ import annotations

import math
import urllib.parse
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import _values


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    key: str | None = None
    wait: float | None = None
    respond_async: bool = False
    last_event_id: int | None = None
    repeatable: bool = False
    reads_own_writes: bool = False

    @property
    def may_repeat(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return self.repeatable or self.key is not None

    def params(self) -> dict[str, str]:
        return {name: _values.text(value) for name, value in self.query.items() if value is not None}

    def json(self) -> Any:
        return None if self.body is None else _values.to_json(_values.without_none(self.body))

    def header_fields(self, position: int | None) -> dict[str, str]:
        fields = {name: _values.text(value) for name, value in self.headers.items() if value is not None}
        if self.key is not None:
            fields["Idempotency-Key"] = self.key
        if self.wait is not None:
            fields["Prefer"] = f"wait={math.ceil(self.wait)}"
        if self.respond_async:
            fields["Prefer"] = "respond-async"
        if self.last_event_id is not None:
            fields["Last-Event-ID"] = str(self.last_event_id)
        if self.reads_own_writes and position is not None:
            fields["Ledger-Position"] = str(position)
        return fields


def new_key(given: str | None) -> str:
    """The key of one call, kept over all its retries."""
    return given if given is not None else str(uuid.uuid4())


def segment(value: Any) -> str:
    """A part of an address, with everything escaped that could end it."""
    return urllib.parse.quote(_values.text(value), safe="")
