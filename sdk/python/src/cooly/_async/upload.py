"""An upload of many lines, and the outcome of each, both as streams."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any

import httpx

from .. import _values
from .._request import Request
from .._sse import Lines
from ..errors import TransportError
from .transport import AsyncTransport


class AsyncUpload:
    """Open it with `with` and iterate: one mapping for each line, some that tell of progress, at last `{"done": …}`.

    Without a `done` it is not known how far it came, and iterating raises: send it again under the same key.
    """

    def __init__(
        self,
        transport: AsyncTransport,
        request: Request,
        lines: bytes | Iterable[Any],
        content_type: str,
    ) -> None:
        self._transport, self._request = transport, request
        self._lines, self._content_type = lines, content_type
        self._response: httpx.Response | None = None

    async def __aenter__(self) -> AsyncUpload:
        # An iterator can be sent only once; a list, or bytes, as often as need be.
        once = iter(self._lines) is self._lines
        self._response = await self._transport.open(
            self._request,
            accept="application/x-ndjson",
            content=self._content,
            content_type=self._content_type,
            repeat=False if once else None,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._response is not None:
            await self._response.aclose()

    def _content(self) -> Any:
        return self._lines if isinstance(self._lines, bytes) else self._encoded(self._lines)

    async def _encoded(self, lines: Iterable[Any]) -> AsyncIterator[bytes]:
        for line in lines:
            yield encoded(line)

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        if self._response is None:
            raise RuntimeError("open the upload with `with` first")
        lines, done = Lines(), False
        try:
            async for chunk in self._response.aiter_bytes():
                for line in lines.feed(chunk):
                    if line:
                        outcome: dict[str, Any] = json.loads(line)
                        done = done or "done" in outcome
                        yield outcome
        except httpx.TransportError as error:
            raise self._broke_off() from error
        if not done:
            raise self._broke_off()

    def _broke_off(self) -> TransportError:
        error = TransportError("the upload broke off: send it again under the same idempotency key")
        error.idempotency_key = self._request.key
        return error


def encoded(line: Any) -> bytes:
    if isinstance(line, Mapping):
        return json.dumps(_values.to_json(line), ensure_ascii=False).encode() + b"\n"
    return bytes(line)
