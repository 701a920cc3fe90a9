"""Answers as dataclasses. A newer server may add fields and words to an enum: neither is an error."""

from __future__ import annotations

import dataclasses
import functools
import keyword
import types
import typing
from datetime import date, datetime
from typing import Any

from . import _values
from .errors import UnexpectedAnswerError


def decode(kind: Any, value: Any) -> Any:
    """`value`, as it came from JSON, as what `kind` says."""
    try:
        return _decode(kind, value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # `from None`: the value may be somebody's prompt or a token, and must not get into logs.
        name = getattr(kind, "__name__", "value")
        raise UnexpectedAnswerError(
            f"the answer is not the {name} that it should be ({type(error).__name__}); "
            "is this SDK of the server's version?"
        ) from None


def _decode(kind: Any, value: Any) -> Any:
    if value is None or kind is Any:
        return value
    if kind is datetime:
        return _values.instant(value)
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _object(kind, value)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return [_decode(inner[0], one) for one in value]
    if origin is dict:
        return {name: _decode(inner[1], one) for name, one in value.items()}
    if origin in (typing.Union, types.UnionType):
        return _decode(_alternative(inner, value), value)
    return value


def _object(kind: type, value: dict[str, Any]) -> Any:
    found = {}
    for name, json_name, inner, required in _fields(kind):
        if json_name in value:
            found[name] = _decode(inner, value[json_name])
        elif required:
            raise KeyError(json_name)
    return kind(**found)


def _alternative(kinds: tuple[Any, ...], value: Any) -> Any:
    """The first whose required fields are all there."""
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    if len(kinds) == 1:
        return kinds[0]
    for kind in kinds:
        if all(json_name in value for _, json_name, _, required in _fields(kind) if required):
            return kind
    raise KeyError("no alternative")


@functools.cache
def _fields(kind: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        (one.name, _json_name(one.name), hints[one.name], one.default is dataclasses.MISSING)
        for one in dataclasses.fields(kind)
    )


def _json_name(name: str) -> str:
    bare = name.removesuffix("_")
    return bare if keyword.iskeyword(bare) else name
