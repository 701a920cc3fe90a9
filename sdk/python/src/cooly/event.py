"""An event of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Event(Generic[T]):
    id: int | None
    """Where the stream is after it."""
    event: str
    """What kind of event it is, such as `generation`."""
    data: T
