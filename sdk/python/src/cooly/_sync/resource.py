"""What the generated methods call: each way of answering is one function.

Made by generate/generate.py from its twin in `_async`. Do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from .._decode import decode
from .._request import Request
from .download import Download
from .events import EventStream
from .paging import Pager
from .transport import Transport, parsed
from .upload import Upload

T = TypeVar("T")
P = TypeVar("P")


class Resource:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _call(self, request: Request, kinds: Mapping[int, Any]) -> Any:
        response = self._transport.call(request)
        # A status that the document does not tell of is read as the first that it does.
        kind = kinds.get(response.status_code, next(iter(kinds.values()), Any))
        if kind is str:
            return response.text
        return decode(kind, parsed(response))

    def _pager(self, request: Request, page: type[P], field: str) -> Pager[Any, P]:
        return Pager(self._transport, request, page, field)

    def _download(self, request: Request) -> Download:
        return Download(self._transport, request)

    def _events(self, request: Request, kind: type[T]) -> EventStream[T]:
        return EventStream(self._transport, request, kind)

    def _upload(self, request: Request, lines: bytes | Iterable[Any], content_type: str) -> Upload:
        return Upload(self._transport, request, lines, content_type)
