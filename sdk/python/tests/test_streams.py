"""Pages, events, downloads and uploads, and what becomes of them when the connection breaks."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from stub import Asked, Reply, generation, problem, stub

from cooly import Cooly, CoolyError, NotFoundError, Retry, TransportError, UnauthenticatedError, WaitTimeoutError

FAST = Retry(first_pause=0.01, longest_pause=0.02)
PAGES = {
    None: {"items": [generation(id="1"), generation(id="2")], "next_cursor": "b"},
    "b": {"items": [], "next_cursor": "c"},
    "c": {"items": [generation(id="3")], "next_cursor": None},
}


def paged(asked: Asked) -> Reply:
    query = parse_qs(urlsplit(asked.path).query)
    assert query["status"] == ["queued"]
    return Reply(200, PAGES[query.get("cursor", [None])[0]])


def test_a_list_is_an_iterator_over_items_of_all_pages() -> None:
    with stub(paged) as server, Cooly(server.url) as client:
        found = client.generations.list(status="queued")
        assert not server.asked
        assert [one.id for one in found] == ["1", "2", "3"]
        assert [len(page.items) for page in found.pages()] == [2, 0, 1]
        assert found.page().next_cursor == "b"
        assert [one.id for one in client.generations.list(status="queued", cursor="c")] == ["3"]


def test_no_page_is_asked_for_before_it_is_needed() -> None:
    with stub(paged) as server, Cooly(server.url) as client:
        for one in client.generations.list(status="queued"):
            if one.id == "2":
                break
        assert len(server.asked) == 1


def event(position: int, **more: Any) -> str:
    return f"event: generation\r\nid: {position}\r\ndata: {json.dumps(generation(**more))}\r\n\r\n"


def test_a_stream_comes_back_with_the_last_id() -> None:
    first = "id: 5\n\n: still here\n\n" + event(7, id="a") + "event: generation\nid: 9\ndata: {\"cut"
    streams = [
        Reply(200, first.encode(), type="text/event-stream", cut=True),
        Reply(lost=True),
        problem(503, "shutting_down"),
        Reply(200, event(9, id="b").encode(), type="text/event-stream"),
    ]
    with stub(streams) as server, Cooly(server.url, retry=FAST) as client:
        found = []
        with client.generations.follow() as stream:
            for one in stream:
                found.append((one.id, one.data.id))
                if len(found) == 2:
                    break
        assert found == [(7, "a"), (9, "b")]
        assert client.position == 9
    assert [one.headers.get("Last-Event-ID") for one in server.asked] == [None, "7", "7", "7"]


def test_a_stream_goes_on_after_an_id_that_is_given() -> None:
    with stub([Reply(200, event(9).encode(), type="text/event-stream")]) as server:
        with Cooly(server.url) as client, client.generations.follow(last_event_id=8) as stream:
            assert next(iter(stream)).id == 9
    assert server.asked[0].headers["Last-Event-ID"] == "8"


def test_a_stream_outlives_a_server_that_is_away_for_longer_than_a_request_would_wait() -> None:
    away = [problem(503, "unavailable")] * 9
    once = Reply(200, event(1).encode(), type="text/event-stream")
    with stub([once, *away, Reply(200, event(2).encode(), type="text/event-stream")]) as server:
        with Cooly(server.url, retry=Retry(attempts=2, first_pause=0.01, longest_pause=0.01)) as client:
            with client.generations.follow() as stream:
                events = iter(stream)
                assert [next(events).id, next(events).id] == [1, 2]


def test_a_stream_ends_with_what_cannot_be_mended() -> None:
    once = Reply(200, event(1).encode(), type="text/event-stream")
    with stub([once, problem(401, "unauthenticated")]) as server, Cooly(server.url, retry=FAST) as client:
        with client.generations.follow() as stream:
            events = iter(stream)
            next(events)
            with pytest.raises(UnauthenticatedError):
                next(events)


def test_a_download_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    whole = Reply(200, b"x" * 100_000, {"ETag": '"abc"'}, "image/png")
    cut = Reply(200, b"x" * 100_000, type="image/png", cut=True)
    with stub([cut, whole, problem(404, "not_found")]) as server, Cooly(server.url) as client:
        with pytest.raises(TransportError, match="broke off"):
            client.generations.get_output("g-1", 0).save(file)
        assert list(tmp_path.iterdir()) == []
        assert client.generations.get_output("g-1", 0).save(file) == 100_000
        assert file.read_bytes() == b"x" * 100_000
        with pytest.raises(NotFoundError):
            client.generations.get_output("g-1", 9).save(file)
        assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def test_a_download_tells_what_it_is_and_comes_in_pieces() -> None:
    picture = Reply(200, b"x" * 200_000, {"ETag": '"abc"'}, "image/png")
    with stub([picture, Reply(304, headers={"ETag": '"abc"'})]) as server, Cooly(server.url) as client:
        with client.generations.get_output("g-1", 0, range="bytes=0-") as output:
            assert (output.content_type, output.size, output.etag) == ("image/png", 200_000, '"abc"')
            assert [len(piece) for piece in output] == [65536, 65536, 65536, 3392]
        with client.generations.get_output("g-1", 0, if_none_match='"abc"') as output:
            assert output.not_modified
    assert server.asked[0].headers["Range"] == "bytes=0-"


def lines(*outcomes: dict[str, Any]) -> Reply:
    return Reply(200, b"".join(json.dumps(one).encode() + b"\n" for one in outcomes), type="application/x-ndjson")


def test_an_upload_streams_lines_and_outcomes() -> None:
    done = {"done": {"granted": 2}}
    with stub([problem(429, "too_many_uploads"), lines({"line": 1}, done)]) as server:
        with Cooly(server.url, retry=FAST) as client:
            grants: Any = [{"user": "a", "amount": "1", "reason": "r"}, {"user": "b", "amount": "2", "reason": "r"}]
            with client.accounts.grant_in_bulk(grants, idempotency_key="k") as upload:
                assert list(upload) == [{"line": 1}, done]
    assert server.keys == ["k", "k"]
    assert [json.loads(line)["user"] for line in server.asked[1].body.splitlines()] == ["a", "b"]


def test_an_upload_without_an_end_is_an_error_that_tells_the_key() -> None:
    with stub([lines({"line": 1})]) as server, Cooly(server.url) as client:
        table = b"user,amount,reason\na,1,r\n"
        upload = client.accounts.grant_in_bulk(table, idempotency_key="k", content_type="text/csv")
        with upload, pytest.raises(CoolyError, match="send it again under the same") as caught:
            list(upload)
    assert caught.value.idempotency_key == "k"
    assert (server.asked[0].body, server.asked[0].headers["Content-Type"]) == (table, "text/csv")


def test_an_upload_of_an_iterator_is_sent_only_once() -> None:
    with stub([problem(429, "too_many_uploads")]) as server, Cooly(server.url, retry=FAST) as client:
        with pytest.raises(CoolyError), client.accounts.grant_in_bulk(iter([b"{}\n"]), idempotency_key="k"):
            pass
    assert len(server.asked) == 1


def test_waiting_asks_until_it_has_ended() -> None:
    end = generation(status="succeeded", finished_at="2026-11-24T07:30:27Z")
    with stub([Reply(200, generation()), Reply(200, generation(status="running")), Reply(200, end)]) as server:
        with Cooly(server.url) as client:
            assert client.generations.wait("g-1", timeout=60).status == "succeeded"
    assert server.asked[0].headers["Prefer"] == "wait=30"


def test_waiting_has_an_end() -> None:
    with stub([Reply(200, generation())]) as server, Cooly(server.url) as client:
        begun = time.monotonic()
        with pytest.raises(WaitTimeoutError, match=r"g-1 is queued after 0\.5 s"):
            client.generations.wait("g-1", timeout=0.5)
        assert time.monotonic() - begun < 10
