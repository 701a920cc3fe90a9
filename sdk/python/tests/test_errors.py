"""Problems become classes, and no error tells a secret."""

from __future__ import annotations

import traceback
from datetime import datetime, timezone

import pytest
from stub import Reply, generation, problem, stub

import cooly
from cooly import Cooly, Retry

ONCE = Retry(attempts=1)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "body_invalid", cooly.BadRequestError),
        (401, "unauthenticated", cooly.UnauthenticatedError),
        (402, "credits_insufficient", cooly.InsufficientCreditsError),
        (403, "forbidden", cooly.PermissionDeniedError),
        (404, "not_found", cooly.NotFoundError),
        (409, "run_stale", cooly.ConflictError),
        (410, "output_deleted", cooly.GoneError),
        (413, "body_too_large", cooly.ApiError),
        (422, "validation_failed", cooly.InvalidRequestError),
        (422, "idempotency_key_reused", cooly.IdempotencyKeyReusedError),
        (429, "too_many_streams", cooly.RateLimitedError),
        (500, "internal", cooly.ServerError),
        (503, "account_busy", cooly.UnavailableError),
        (504, "outcome_unknown", cooly.OutcomeUnknownError),
        (409, "a_code_of_a_newer_server", cooly.ConflictError),
    ],
)
def test_a_problem_becomes_a_class(status: int, code: str, kind: type[cooly.ApiError]) -> None:
    with stub([problem(status, code)]) as server, Cooly(server.url, retry=ONCE) as client:
        with pytest.raises(cooly.ApiError) as caught:
            client.credits.get()
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.title, error.detail) == (status, code, "Not so", "this")
    assert error.request_id == "req-1"


def test_fields_that_are_wrong_are_named() -> None:
    fields = [{"field": "items[3].prompt", "message": "is missing"}]
    with stub([problem(422, "validation_failed", errors=fields)]) as server, Cooly(server.url) as client:
        with pytest.raises(cooly.InvalidRequestError, match=r"items\[3\]\.prompt is missing") as caught:
            client.generations.create_batch(items=[])
    assert caught.value.errors == (cooly.FieldProblem("items[3].prompt", "is missing"),)


def test_what_a_proxy_answers_is_known_by_its_status() -> None:
    page = Reply(502, b"<html>Bad gateway", {"X-Request-Id": "r-9"}, "text/html")
    with stub([page]) as server, Cooly(server.url, retry=ONCE) as client:
        with pytest.raises(cooly.ServerError) as caught:
            client.credits.get()
    assert (caught.value.code, caught.value.request_id) == ("http_502", "r-9")


def test_an_answer_of_something_else_is_an_error_that_says_so() -> None:
    with stub([Reply(200, b"<html>", type="text/html"), Reply(200, {"status": "queued"})]) as server:
        with Cooly(server.url) as client:
            with pytest.raises(cooly.UnexpectedAnswerError, match="is this Cooly's address"):
                client.credits.get()
            with pytest.raises(cooly.UnexpectedAnswerError, match="not the Generation that it should be"):
                client.generations.get("g-1")


def test_a_newer_server_may_say_more() -> None:
    newer = generation(status="paused", kind="sound", news={"a": 1})
    with stub([Reply(200, newer)]) as server, Cooly(server.url) as client:
        found = client.generations.get("g-1")
    assert (found.status, found.kind) == ("paused", "sound")


def test_no_error_and_no_repr_tells_the_token() -> None:
    secret = "-".join(["top", "secret"])
    with stub([problem(500, "internal")]) as server, Cooly(server.url, secret, retry=ONCE) as client:
        with pytest.raises(cooly.ServerError) as refused:
            client.generations.create(model="m", prompt="x")
        shown = [repr(client), repr(client._options), repr(refused.value), *traceback.format_exception(refused.value)]
    with pytest.raises(cooly.TransportError) as broken:
        Cooly("http://127.0.0.1:1", secret, retry=ONCE).credits.get()
    shown += traceback.format_exception(broken.value)
    issued = cooly.models.IssuedToken(expires_at=datetime.now(timezone.utc), role="user", sub="a", token=secret)
    assert secret not in "".join([*shown, repr(issued)])


@pytest.mark.parametrize("token", ["top secret", "top-secret\r\nX: y", "", "töp-secret"])
def test_a_token_that_cannot_be_one_is_refused_without_repeating_it(token: str) -> None:
    with stub([Reply(200, generation())]) as server, Cooly(server.url, token) as client:
        with pytest.raises(ValueError, match="the token is empty or has characters") as caught:
            client.generations.get("g-1")
        assert "secret" not in "".join(map(str, caught.value.args))
    assert not server.asked


def test_a_line_break_after_a_token_does_no_harm() -> None:
    with stub([Reply(200, generation())]) as server, Cooly(server.url, "abc\n") as client:
        client.generations.get("g-1")
    assert server.asked[0].headers["Authorization"] == "Bearer abc"


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "http://user:pass@host", "ftp://host", "http://host?token=x"])
def test_an_address_that_cannot_be_one_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="base_url must") as caught:
        Cooly(url)
    assert "pass" not in str(caught.value).replace("password", "")
