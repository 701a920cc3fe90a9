"""Bytes of an output or an export, as they come: never whole in memory."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType

import httpx

from .._request import Request
from ..errors import RequestTimeoutError, TransportError, UnexpectedAnswerError
from .transport import AsyncTransport

CHUNK = 64 * 1024


class AsyncDownload:
    """`save` it, or open it with `with` and iterate over it. One that breaks off raises: it never passes for whole."""

    def __init__(self, transport: AsyncTransport, request: Request) -> None:
        self._transport, self._request = transport, request
        self._response: httpx.Response | None = None

    async def __aenter__(self) -> AsyncDownload:
        self._response = await self._transport.open(self._request, accept="*/*")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._response is not None:
            await self._response.aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._open.aiter_bytes(CHUNK):
                yield chunk
        except httpx.TimeoutException as error:
            raise RequestTimeoutError(f"{self._request.path} stopped coming") from error
        except httpx.TransportError as error:
            raise TransportError(f"{self._request.path} broke off: ask for it again") from error

    async def save(self, path: str | os.PathLike[str]) -> int:
        """Writes it to a file and tells how many bytes it has. The file appears when it is whole, and not before."""
        target = Path(path)
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
        size = 0
        try:
            async with self:
                if self.not_modified:
                    raise UnexpectedAnswerError(f"{self._request.path} has not changed, so there is nothing to save")
                with part.open("wb") as file:
                    async for chunk in self:
                        size += file.write(chunk)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return size

    @property
    def _open(self) -> httpx.Response:
        if self._response is None:
            raise RuntimeError("open the download with `with` first, or `save` it")
        return self._response

    @property
    def status(self) -> int:
        """200, 206 for a range, 304 if it is what `if_none_match` names."""
        return self._open.status_code

    @property
    def not_modified(self) -> bool:
        return self._open.status_code == 304

    @property
    def content_type(self) -> str:
        return str(self._open.headers.get("Content-Type", "application/octet-stream"))

    @property
    def size(self) -> int | None:
        """How many bytes will come; None if the server does not know yet."""
        length = self._open.headers.get("Content-Length")
        return int(length) if length is not None else None

    @property
    def etag(self) -> str | None:
        etag: str | None = self._open.headers.get("ETag")
        return etag
