"""What the generated methods call: each way of answering is one function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from .._decode import decode
from .._request import Request
from .download import AsyncDownload
from .events import AsyncEventStream
from .paging import AsyncPager
from .transport import AsyncTransport, parsed
from .upload import AsyncUpload

T = TypeVar("T")
P = TypeVar("P")


class AsyncResource:
    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def _call(self, request: Request, kinds: Mapping[int, Any]) -> Any:
        response = await self._transport.call(request)
        # A status that the document does not tell of is read as the first that it does.
        kind = kinds.get(response.status_code, next(iter(kinds.values()), Any))
        if kind is str:
            return response.text
        return decode(kind, parsed(response))

    def _pager(self, request: Request, page: type[P], field: str) -> AsyncPager[Any, P]:
        return AsyncPager(self._transport, request, page, field)

    def _download(self, request: Request) -> AsyncDownload:
        return AsyncDownload(self._transport, request)

    def _events(self, request: Request, kind: type[T]) -> AsyncEventStream[T]:
        return AsyncEventStream(self._transport, request, kind)

    def _upload(self, request: Request, lines: bytes | Iterable[Any], content_type: str) -> AsyncUpload:
        return AsyncUpload(self._transport, request, lines, content_type)
