"""What can go wrong, as classes. Catch the class, or match on `code`; the texts are for people and may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field of a request."""

    field: str
    message: str


class CoolyError(Exception):
    """Everything that this SDK raises on its own."""

    idempotency_key: str | None = None
    """The key of the write that went wrong, if it had one. Repeat the same request under it, and it is done once."""


class TransportError(CoolyError):
    """No answer: the server was not reached, or the connection broke. A write may have been done or not."""


class RequestTimeoutError(TransportError):
    """No answer in time. A write may have been done or not."""


class UnexpectedAnswerError(CoolyError):
    """An answer that cannot be understood."""


class WaitTimeoutError(CoolyError):
    """What was waited for has not ended in time. It goes on all the same."""


class ApiError(CoolyError):
    """The server refused: a problem document of RFC 9457."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        title: str,
        detail: str,
        request_id: str | None = None,
        errors: tuple[FieldProblem, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.request_id = request_id
        self.errors = errors
        self.retry_after = retry_after
        super().__init__(self._text())

    def _text(self) -> str:
        fields = "".join(f"; {one.field} {one.message}" for one in self.errors)
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.status} {self.code}: {self.detail or self.title}{fields}{request}"


class BadRequestError(ApiError):
    """400: a parameter, a header or the body is not what it must be."""


class UnauthenticatedError(ApiError):
    """401: no token, or one that is not valid any more."""


class InsufficientCreditsError(ApiError):
    """402: the balance does not cover the price. Nothing was charged, and the key is unused."""


class PermissionDeniedError(ApiError):
    """403: the token has another role."""


class NotFoundError(ApiError):
    """404: nothing is here, or it is somebody else's."""


class ConflictError(ApiError):
    """409: not possible as things are now, such as cancelling what has ended."""


class GoneError(ApiError):
    """410: an output was kept for as long as the operator keeps outputs."""


class InvalidRequestError(ApiError):
    """422: a value cannot be accepted; `errors` names the fields."""


class IdempotencyKeyReusedError(InvalidRequestError):
    """422: the key was used with another request before."""


class RateLimitedError(ApiError):
    """429: too many requests, streams, exports or uploads; `retry_after` tells how many seconds to wait."""


class ServerError(ApiError):
    """5xx: an error of the server; tell its operator the `request_id`."""


class UnavailableError(ServerError):
    """503: not now. Nothing was changed."""


class OutcomeUnknownError(ServerError):
    """504: it may have been done or not. Repeat it under the same `idempotency_key`."""


BY_CODE: dict[str, type[ApiError]] = {
    "credits_insufficient": InsufficientCreditsError,
    "idempotency_key_reused": IdempotencyKeyReusedError,
    "outcome_unknown": OutcomeUnknownError,
    "deadline_exceeded": OutcomeUnknownError,
}

BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: UnauthenticatedError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    422: InvalidRequestError,
    429: RateLimitedError,
    503: UnavailableError,
    504: OutcomeUnknownError,
}


def problem(status: int, document: Any, request_id: str | None, retry_after: float | None) -> ApiError:
    """The error for an answer. What is no problem document is of a proxy in between, and is known by its status."""
    found: Mapping[str, Any] = document if isinstance(document, dict) else {}
    code = str(found.get("code") or f"http_{status}")
    kind = BY_CODE.get(code) or BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
    return kind(
        status=status,
        code=code,
        title=str(found.get("title") or "The server refused"),
        detail=str(found.get("detail") or ""),
        request_id=found.get("request_id") or request_id,
        errors=tuple(
            FieldProblem(str(one.get("field", "")), str(one.get("message", "")))
            for one in found.get("errors") or ()
            if isinstance(one, dict)
        ),
        retry_after=retry_after,
    )
