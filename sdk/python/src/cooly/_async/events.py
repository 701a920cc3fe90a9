"""Streams of server-sent events that come back by themselves and miss nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Generic, TypeVar, cast

import httpx

from .._decode import decode
from .._request import Request
from .._sse import Lines, Message, Messages
from ..errors import RateLimitedError, TransportError, UnavailableError
from ..event import Event
from .transport import AsyncTransport

T = TypeVar("T")


class AsyncEventStream(Generic[T]):
    """Iterate over it. When the connection ends, it comes back with the id of the last event that it has seen.

    It goes on until you leave it; what cannot be mended by trying again, such as a token that ended, raises.
    """

    def __init__(self, transport: AsyncTransport, request: Request, kind: type[T]) -> None:
        self._transport, self._request, self._kind = transport, request, kind
        self._response: httpx.Response | None = None
        self._closed = False
        self.last_event_id: int | None = request.last_event_id
        """Keep it, and a later stream goes on after it."""

    async def open(self) -> AsyncEventStream[T]:
        """Connects now: what happens from here on is in the stream."""
        if self._response is None:
            request = dataclasses.replace(self._request, last_event_id=self.last_event_id, repeatable=True)
            self._response = await self._transport.open(request, accept="text/event-stream")
        return self

    async def __aenter__(self) -> AsyncEventStream[T]:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        self._closed = True
        await self._drop()

    async def _drop(self) -> None:
        response, self._response = self._response, None
        if response is not None:
            await response.aclose()

    async def __aiter__(self) -> AsyncIterator[Event[T]]:
        quiet, was_open = 0, False
        while not self._closed:
            try:
                await self.open()
            except (TransportError, UnavailableError, RateLimitedError):
                # It worked before, so the server is expected back, however long that takes.
                if not was_open:
                    raise
                await asyncio.sleep(self._transport.options.retry.longest_pause)
                continue
            was_open = True
            try:
                async for message in self._messages():
                    quiet = 0
                    if message.data:
                        value = decode(self._kind, json.loads(message.data))
                        yield Event(self.last_event_id, message.event, cast(T, value))
            except httpx.TransportError:
                pass
            finally:
                await self._drop()
            if not self._closed:
                # A server that ends every stream at once is not asked without a pause.
                quiet = min(quiet + 1, self._transport.options.retry.attempts - 1)
                await asyncio.sleep(self._transport.options.retry.pause(quiet) or 1.0)

    async def _messages(self) -> AsyncIterator[Message]:
        lines, messages = Lines(), Messages()
        if self._response is None:
            return
        async for chunk in self._response.aiter_bytes():
            for line in lines.feed(chunk):
                message = messages.feed(line)
                if message is not None:
                    self._seen(message)
                    yield message

    def _seen(self, message: Message) -> None:
        if message.id is not None and message.id.isdigit():
            self.last_event_id = int(message.id)
            # The id is a position of the log: lists shall show what this stream has told.
            self._transport.options.position.seen(self.last_event_id)
