"""Amounts stay exact, instants have their zone, names are escaped."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from stub import Reply, generation, stub

from cooly import Cooly, Retry
from cooly._request import segment
from cooly._values import instant, text, to_json
from cooly.retry import retry_after


def test_amounts_go_out_as_strings() -> None:
    assert to_json({"amount": Decimal("1E+3"), "n": [Decimal("0.000001")]}) == {"amount": "1000", "n": ["0.000001"]}


@pytest.mark.parametrize("value", [0.1, {"commands": [{"amount": 1.5}]}])
def test_floats_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="give a string or a Decimal"):
        to_json(value)


def test_what_is_no_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="no amount"):
        to_json(Decimal("NaN"))


def test_instants_have_a_zone_and_go_out_in_utc() -> None:
    zone = timezone(timedelta(hours=2))
    assert text(datetime(2026, 1, 31, 14, tzinfo=zone)) == "2026-01-31T12:00:00Z"
    assert text(date(2026, 1, 31)) == "2026-01-31"
    with pytest.raises(ValueError, match="time zone"):
        text(datetime(2026, 1, 31))


@pytest.mark.parametrize("digits", ["", ".5", ".084896", ".084896123"])
def test_instants_are_read_with_any_number_of_digits(digits: str) -> None:
    found = instant(f"2026-11-24T07:30:25{digits}Z")
    assert found.utcoffset() == timedelta(0)
    assert found.microsecond == int(digits[1:7].ljust(6, "0") or 0)
    assert instant("2026-11-24T07:30:25+02:00").utcoffset() == timedelta(hours=2)


def test_names_in_addresses_are_escaped() -> None:
    assert segment("a/b?c#d é") == "a%2Fb%3Fc%23d%20%C3%A9"


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("7") == 7
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_what_is_left_out_is_not_sent() -> None:
    with stub([Reply(202, generation())]) as server, Cooly(server.url) as client:
        client.generations.create(model="m", prompt="ü", params={"width": 512}, wait=1.5)
    asked = server.asked[0]
    assert json.loads(asked.body) == {"model": "m", "prompt": "ü", "params": {"width": 512}}
    assert asked.headers["Prefer"] == "wait=2"


def test_a_back_end_says_for_whom_it_asks() -> None:
    with stub([Reply(200, {"items": [], "next_cursor": None})]) as server, Cooly(server.url, user="café 50%") as shop:
        list(shop.generations.list())
        list(shop.with_options(user="bob").generations.list())
        list(shop.with_options(timeout=5).generations.list())
        list(shop.with_options(user=None).generations.list())
        assert "bob" not in repr(shop.with_options(user="bob")._options)
    sent = [one.headers.get("Cooly-User") for one in server.asked]
    assert sent == ["caf%C3%A9%2050%25", "bob", "caf%C3%A9%2050%25", None]


def test_lists_show_what_the_client_wrote() -> None:
    page: dict[str, Any] = {"items": [], "next_cursor": None}

    def answer(asked: Any) -> Reply:
        if asked.method == "POST":
            return Reply(202, generation(), {"Ledger-Position": "42"})
        return Reply(200, page if "?" in asked.path or asked.path.endswith("generations") else generation())

    with stub(answer) as server, Cooly(server.url, retry=Retry(attempts=1)) as client:
        list(client.generations.list())
        client.generations.create(model="m", prompt="x")
        list(client.with_options(token="another").generations.list())
        client.read_at_least(50)
        client.read_at_least(7)
        list(client.generations.list())
        assert client.position == 50
    sent = [one.headers.get("Ledger-Position") for one in server.asked]
    assert sent == [None, None, "42", "50"]
