"""Cooly: AI generations for credits. `Cooly` is the client that waits, `AsyncCooly` the one that is awaited."""

from . import enums, errors, models, requests
from ._async.client import AsyncCooly
from ._async.download import AsyncDownload
from ._async.events import AsyncEventStream
from ._async.paging import AsyncPager
from ._async.token import AsyncToken
from ._async.upload import AsyncUpload
from ._sync.client import Cooly
from ._sync.download import Download
from ._sync.events import EventStream
from ._sync.paging import Pager
from ._sync.token import Token
from ._sync.upload import Upload
from ._values import Credits, CreditsInput
from ._version import VERSION as __version__
from .errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    CoolyError,
    FieldProblem,
    GoneError,
    IdempotencyKeyReusedError,
    InsufficientCreditsError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    TransportError,
    UnauthenticatedError,
    UnavailableError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from .event import Event
from .retry import Retry

__all__ = [
    "ApiError",
    "AsyncCooly",
    "AsyncDownload",
    "AsyncEventStream",
    "AsyncPager",
    "AsyncToken",
    "AsyncUpload",
    "BadRequestError",
    "ConflictError",
    "Cooly",
    "CoolyError",
    "Credits",
    "CreditsInput",
    "Download",
    "Event",
    "EventStream",
    "FieldProblem",
    "GoneError",
    "IdempotencyKeyReusedError",
    "InsufficientCreditsError",
    "InvalidRequestError",
    "NotFoundError",
    "OutcomeUnknownError",
    "Pager",
    "PermissionDeniedError",
    "RateLimitedError",
    "RequestTimeoutError",
    "Retry",
    "ServerError",
    "Token",
    "TransportError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "Upload",
    "WaitTimeoutError",
    "__version__",
    "enums",
    "errors",
    "models",
    "requests",
]
