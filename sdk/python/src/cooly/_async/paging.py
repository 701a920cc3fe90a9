"""Lists that come in pages, as iterators over what is in them."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar, cast

from .._decode import decode
from .._request import Request
from .transport import AsyncTransport, parsed

T = TypeVar("T")
P = TypeVar("P")


class AsyncPager(Generic[T, P]):
    """Iterate over it for the items, over `pages()` for the pages. Nothing is asked for before."""

    def __init__(self, transport: AsyncTransport, request: Request, kind: type[P], field: str) -> None:
        self._transport, self._request, self._kind, self._field = transport, request, kind, field

    async def page(self) -> P:
        """The first page, or the one at the `cursor` that was given."""
        return await self._page(self._request)

    async def pages(self) -> AsyncIterator[P]:
        """Every page, from the first or from the `cursor` that was given."""
        request: Request | None = self._request
        while request is not None:
            page = await self._page(request)
            yield page
            cursor = cast(Any, page).next_cursor
            again = {**self._request.query, "cursor": cursor}
            request = dataclasses.replace(self._request, query=again) if cursor else None

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in getattr(page, self._field):
                yield item

    async def _page(self, request: Request) -> P:
        response = await self._transport.call(request)
        return cast(P, decode(self._kind, parsed(response)))
