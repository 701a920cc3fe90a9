"""Streams of server-sent events that come back by themselves and miss nothing.

Made by generate/generate.py from its twin in `_async`. Do not edit.
"""

from __future__ import annotations

import time
import dataclasses
import json
from collections.abc import Iterator
from types import TracebackType
from typing import Generic, TypeVar, cast

import httpx

from .._decode import decode
from .._request import Request
from .._sse import Lines, Message, Messages
from ..errors import RateLimitedError, TransportError, UnavailableError
from ..event import Event
from .transport import Transport

T = TypeVar("T")


class EventStream(Generic[T]):
    """Iterate over it. When the connection ends, it comes back with the id of the last event that it has seen.

    It goes on until you leave it; what cannot be mended by trying again, such as a token that ended, raises.
    """

    def __init__(self, transport: Transport, request: Request, kind: type[T]) -> None:
        self._transport, self._request, self._kind = transport, request, kind
        self._response: httpx.Response | None = None
        self._closed = False
        self.last_event_id: int | None = request.last_event_id
        """Keep it, and a later stream goes on after it."""

    def open(self) -> EventStream[T]:
        """Connects now: what happens from here on is in the stream."""
        if self._response is None:
            request = dataclasses.replace(self._request, last_event_id=self.last_event_id, repeatable=True)
            self._response = self._transport.open(request, accept="text/event-stream")
        return self

    def __enter__(self) -> EventStream[T]:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.close()

    def __iter__(self) -> Iterator[Event[T]]:
        quiet, was_open = 0, False
        while not self._closed:
            try:
                self.open()
            except (TransportError, UnavailableError, RateLimitedError):
                # It worked before, so the server is expected back, however long that takes.
                if not was_open:
                    raise
                time.sleep(self._transport.options.retry.longest_pause)
                continue
            was_open = True
            try:
                for message in self._messages():
                    quiet = 0
                    if message.data:
                        value = decode(self._kind, json.loads(message.data))
                        yield Event(self.last_event_id, message.event, cast(T, value))
            except httpx.TransportError:
                pass
            finally:
                self._drop()
            if not self._closed:
                # A server that ends every stream at once is not asked without a pause.
                quiet = min(quiet + 1, self._transport.options.retry.attempts - 1)
                time.sleep(self._transport.options.retry.pause(quiet) or 1.0)

    def _messages(self) -> Iterator[Message]:
        lines, messages = Lines(), Messages()
        if self._response is None:
            return
        for chunk in self._response.iter_bytes():
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
