"""What is tried again, under which key, and after how long."""

from __future__ import annotations

import time
import uuid

import pytest
from stub import Reply, generation, problem, stub

from cooly import (
    Cooly,
    OutcomeUnknownError,
    RateLimitedError,
    RequestTimeoutError,
    Retry,
    TransportError,
    UnauthenticatedError,
    UnavailableError,
)

FAST = Retry(first_pause=0.01, longest_pause=0.02)


def buy(url: str, retry: Retry = FAST, key: str | None = None) -> str:
    with Cooly(url, "secret", retry=retry) as client:
        return client.generations.create(model="sim-image", prompt="x", idempotency_key=key).id


def test_a_write_keeps_its_key_over_all_its_attempts() -> None:
    with stub([problem(503, "unavailable"), problem(429, "rate_limited"), Reply(202, generation())]) as server:
        assert buy(server.url) == "g-1"
    assert len(server.keys) == 3
    assert len(set(server.keys)) == 1
    uuid.UUID(server.keys[0])


def test_two_calls_have_two_keys() -> None:
    with stub([Reply(202, generation())]) as server:
        buy(server.url)
        buy(server.url)
    assert len(set(server.keys)) == 2


def test_a_key_that_is_given_is_used() -> None:
    with stub([Reply(202, generation())]) as server:
        buy(server.url, key="order-4711")
    assert server.keys == ["order-4711"]


def test_a_lost_answer_is_asked_for_again_with_the_same_key() -> None:
    with stub([Reply(lost=True), Reply(202, generation())]) as server:
        assert buy(server.url) == "g-1"
    assert len(server.keys) == 2
    assert len(set(server.keys)) == 1


@pytest.mark.parametrize("code", ["outcome_unknown", "deadline_exceeded"])
def test_an_unknown_outcome_is_repeated_with_the_same_key(code: str) -> None:
    with stub([problem(504, code), Reply(202, generation())]) as server:
        assert buy(server.url) == "g-1"
    assert len(server.keys) == 2
    assert len(set(server.keys)) == 1


def test_an_error_tells_the_key_to_repeat_under() -> None:
    with stub([problem(504, "outcome_unknown")]) as server, pytest.raises(OutcomeUnknownError) as caught:
        buy(server.url)
    assert len(server.keys) == FAST.attempts
    assert set(server.keys) == {caught.value.idempotency_key}


def test_retry_after_is_waited_for() -> None:
    with stub([problem(429, "rate_limited", {"Retry-After": "1"}), Reply(202, generation())]) as server:
        begun = time.monotonic()
        buy(server.url)
    assert time.monotonic() - begun >= 1


def test_a_retry_after_that_is_too_long_is_told_instead() -> None:
    with stub([problem(429, "rate_limited", {"Retry-After": "3600"})]) as server:
        with pytest.raises(RateLimitedError) as caught:
            buy(server.url)
    assert caught.value.retry_after == 3600
    assert len(server.asked) == 1


def test_a_read_is_tried_again() -> None:
    with stub([Reply(lost=True), problem(503, "overloaded"), Reply(200, generation())]) as server:
        with Cooly(server.url, retry=FAST) as client:
            assert client.generations.get("g-1").id == "g-1"


def test_a_refusal_is_not_tried_again() -> None:
    with stub([problem(409, "job_status")]) as server, Cooly(server.url, retry=FAST) as client:
        with pytest.raises(Exception, match="job_status"):
            client.generations.cancel("g-1")
    assert len(server.asked) == 1


def test_a_write_without_a_key_is_sent_once_unless_it_is_harmless() -> None:
    with stub([problem(503, "unavailable")]) as server, Cooly(server.url, retry=FAST) as client:
        with pytest.raises(UnavailableError):
            client.dead_letters.retry("g-1")
        assert len(server.asked) == 1
        with pytest.raises(UnavailableError):
            client.generations.cancel("g-1")
        assert len(server.asked) == 1 + FAST.attempts


def test_a_server_that_is_not_there_is_tried_again_and_then_named() -> None:
    with pytest.raises(TransportError, match=r"cannot reach http://127\.0\.0\.1:1"):
        buy("http://127.0.0.1:1")


def test_an_answer_that_is_late_is_an_error_of_its_own() -> None:
    def late(_: object) -> Reply:
        time.sleep(0.5)
        return Reply(200, generation())

    with stub(late) as server, Cooly(server.url, timeout=0.1, retry=Retry(attempts=1)) as client:
        with pytest.raises(RequestTimeoutError, match="no answer in time to GET /v1/generations/g-1"):
            client.generations.get("g-1")


def test_a_token_that_ended_is_asked_for_anew_once() -> None:
    tokens = iter(["old", "new", "newer"])
    with stub([problem(401, "unauthenticated"), Reply(200, generation())]) as server:
        with Cooly(server.url, lambda: next(tokens)) as client:
            client.generations.get("g-1")
        assert [one.headers["Authorization"] for one in server.asked] == ["Bearer old", "Bearer new"]
    with stub([problem(401, "unauthenticated")]) as server:
        with Cooly(server.url, "fixed", retry=FAST) as client, pytest.raises(UnauthenticatedError):
            client.generations.get("g-1")
        assert len(server.asked) == 1


def test_pauses_grow_and_end() -> None:
    retry = Retry(attempts=4, first_pause=1, longest_pause=3)
    pauses = [retry.pause(failures) for failures in (1, 2, 3, 4)]
    assert pauses[3] is None
    for pause, longest in zip(pauses, (1, 2, 3), strict=False):
        assert pause is not None
        assert longest / 2 <= pause <= longest
