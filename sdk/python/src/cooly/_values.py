"""Values on their way to JSON and back. Amounts of credits are decimals in strings and never become floats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeAlias

Credits: TypeAlias = str
"""A decimal number in a string, such as `"12.5"`; `Decimal(it)` to calculate."""

CreditsInput: TypeAlias = str | Decimal
"""An amount that is sent: a string or a `Decimal`, never a float."""

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")


def to_json(value: Any) -> Any:
    """What JSON has for a value; top-level fields that are None are left out by `without_none`."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return plain(value)
        case datetime() | date():
            return text(value)
        case float():
            raise TypeError(f"{value!r} is a float, which cannot hold every amount exactly: give a string or a Decimal")
        case Mapping():
            return {key: to_json(inner) for key, inner in value.items()}
        case Iterable():
            return [to_json(inner) for inner in value]
    raise TypeError(f"a {type(value).__name__} cannot be sent as JSON")


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def text(value: Any) -> str:
    """A value as it stands in an address or a header."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"{value!r} has no time zone: give it one, such as `tzinfo=timezone.utc`")
            return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return plain(value)
    return str(value)


def plain(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no amount of credits")
    return format(value, "f")


def instant(value: str) -> datetime:
    """An instant of RFC 3339, however many digits its seconds have (Python 3.10 reads only three or six)."""
    found = INSTANT.fullmatch(value)
    if not found:
        raise ValueError(f"{value!r} is no instant")
    day, clock, digits, zone = found.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}")
    moment += timedelta(microseconds=int((digits or "0").ljust(6, "0")[:6]))
    if zone in "Zz":
        return moment.replace(tzinfo=timezone.utc)
    return moment.replace(tzinfo=datetime.fromisoformat(f"{day}T{clock}{zone}").tzinfo)
