"""Lists that come in pages, as iterators over what is in them.

Made by generate/generate.py from its twin in `_async`. Do not edit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Generic, TypeVar, cast

from .._decode import decode
from .._request import Request
from .transport import Transport, parsed

T = TypeVar("T")
P = TypeVar("P")


class Pager(Generic[T, P]):
    """Iterate over it for the items, over `pages()` for the pages. Nothing is asked for before."""

    def __init__(self, transport: Transport, request: Request, kind: type[P], field: str) -> None:
        self._transport, self._request, self._kind, self._field = transport, request, kind, field

    def page(self) -> P:
        """The first page, or the one at the `cursor` that was given."""
        return self._page(self._request)

    def pages(self) -> Iterator[P]:
        """Every page, from the first or from the `cursor` that was given."""
        request: Request | None = self._request
        while request is not None:
            page = self._page(request)
            yield page
            cursor = cast(Any, page).next_cursor
            again = {**self._request.query, "cursor": cursor}
            request = dataclasses.replace(self._request, query=again) if cursor else None

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            for item in getattr(page, self._field):
                yield item

    def _page(self, request: Request) -> P:
        response = self._transport.call(request)
        return cast(P, decode(self._kind, parsed(response)))
