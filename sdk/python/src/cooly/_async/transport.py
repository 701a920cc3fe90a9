"""Sends requests and tries again: the one place that knows HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

from .. import errors, retry
from .._options import Options, authorization
from .._request import Request
from .._version import VERSION
from .token import bearer


class AsyncTransport:
    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self.options = options
        self.http = http

    async def call(self, request: Request) -> httpx.Response:
        """The whole answer."""
        return await self.open(request, whole=True)

    async def open(
        self,
        request: Request,
        *,
        accept: str = "application/json",
        content: Callable[[], Any] | None = None,
        content_type: str = "application/json",
        repeat: bool | None = None,
        whole: bool = False,
    ) -> httpx.Response:
        """An answer, its body still to be read unless it is asked for whole. The caller closes it."""
        may_repeat = request.may_repeat if repeat is None else repeat
        failures, renewed = 0, False
        while True:
            error: errors.CoolyError
            told: float | None = None
            try:
                body = content() if content else self._json(request)
                return await self._once(request, accept, body, content_type, whole)
            except errors.ApiError as refused:
                error, told = refused, refused.retry_after
                again = may_repeat and (refused.status in retry.STATUSES or refused.code in retry.CODES)
                if refused.status == 401 and callable(self.options.token) and not renewed:
                    # It ended on the way. Nothing was done, and whoever makes tokens gets one chance more.
                    renewed = True
                    if repeat is not False:
                        continue
            except httpx.ConnectError as broken:
                error, again = errors.TransportError(f"cannot reach {self.options.base_url}"), repeat is not False
                error.__cause__ = broken
            except httpx.TimeoutException as broken:
                text = f"no answer in time to {request.method} {request.path}"
                error, again = errors.RequestTimeoutError(text), may_repeat
                error.__cause__ = broken
            except httpx.TransportError as broken:
                text = f"the connection broke at {request.method} {request.path}"
                error, again = errors.TransportError(text), may_repeat
                error.__cause__ = broken
            failures += 1
            pause = self.options.retry.pause(failures, told) if again else None
            if pause is None:
                error.idempotency_key = request.key
                raise error
            await asyncio.sleep(pause)

    async def _once(
        self, request: Request, accept: str, body: Any, content_type: str, whole: bool
    ) -> httpx.Response:
        fields = {"Accept": accept, "User-Agent": f"cooly-python/{VERSION}"}
        fields |= self.options.user_fields() | request.header_fields(self.options.position.newest)
        if body is not None:
            fields["Content-Type"] = content_type
        token = await bearer(self.options.token)
        if token is not None:
            fields["Authorization"] = authorization(token)
        sent = self.http.build_request(
            request.method,
            self.options.url(request.path),
            params=request.params() or None,
            content=body,
            headers=fields,
            timeout=httpx.Timeout(self.options.timeout + (request.wait or 0), connect=min(10.0, self.options.timeout)),
        )
        response = await self.http.send(sent, stream=True)
        try:
            if not response.is_success and response.status_code != 304:
                await response.aread()
                raise refusal(response)
            if whole:
                await response.aread()
        except BaseException:
            await response.aclose()
            raise
        self.options.position.seen(response.headers.get("Ledger-Position"))
        return response

    def _json(self, request: Request) -> bytes | None:
        body = request.json()
        return None if body is None else json.dumps(body, ensure_ascii=False).encode()


def parsed(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        path = response.request.url.path
        text = f"the answer to {response.request.method} {path} is not JSON: is this Cooly's address?"
        raise errors.UnexpectedAnswerError(text) from None


def refusal(response: httpx.Response) -> errors.ApiError:
    try:
        document = response.json()
    except ValueError:
        document = None
    return errors.problem(
        response.status_code,
        document,
        response.headers.get("X-Request-Id"),
        retry.retry_after(response.headers.get("Retry-After")),
    )
