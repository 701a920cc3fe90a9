"""The client that is awaited: what differs from its twin."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest
from stub import Reply, generation, problem, stub
from test_streams import event

import cooly
from cooly import AsyncCooly, Retry

FAST = Retry(first_pause=0.01, longest_pause=0.02)


def test_calls_pages_streams_and_files(tmp_path: Path) -> None:
    replies = [
        problem(503, "unavailable"),
        Reply(202, generation(), {"Ledger-Position": "3"}),
        Reply(200, {"items": [generation(id="1")], "next_cursor": "b"}),
        Reply(200, {"items": [generation(id="2")], "next_cursor": None}),
        Reply(200, event(7).encode(), type="text/event-stream"),
        Reply(200, event(8).encode(), type="text/event-stream"),
        Reply(200, b"picture", type="image/png"),
        Reply(200, b'{"done":{}}\n', type="application/x-ndjson"),
    ]

    async def token() -> str:
        return "from-a-vault"

    async def walk(url: str) -> None:
        async with AsyncCooly(url, token, retry=FAST) as client:
            await client.generations.create(model="m", prompt="x")
            assert [one.id async for one in client.generations.list()] == ["1", "2"]
            ids = []
            async with client.generations.follow() as stream:
                async for one in stream:
                    ids.append(one.id)
                    if len(ids) == 2:
                        break
            assert ids == [7, 8]
            assert await client.generations.get_output("g-1", 0).save(tmp_path / "it.png") == 7
            async with client.accounts.grant_in_bulk([b"{}\n"], idempotency_key="k") as upload:
                assert [one async for one in upload] == [{"done": {}}]

    with stub(replies) as server:
        asyncio.run(walk(server.url))
    assert {one.headers["Authorization"] for one in server.asked} == {"Bearer from-a-vault"}
    assert server.keys[0] == server.keys[1] is not None
    assert server.asked[2].headers["Ledger-Position"] == "3"


def test_a_call_that_is_cancelled_is_over() -> None:
    async def walk(url: str) -> None:
        async with AsyncCooly(url, retry=Retry(first_pause=60, longest_pause=60)) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.credits.get(), 0.3)

    with stub([problem(503, "unavailable")]) as server:
        asyncio.run(walk(server.url))


def test_both_clients_have_the_same_methods() -> None:
    one, other = cooly.Cooly("http://host"), AsyncCooly("http://host")
    for name in ("accounts", "audit", "credits", "dead_letters", "generations", "operations"):
        ours, theirs = getattr(one, name), getattr(other, name)
        methods = {name for name in dir(ours) if not name.startswith("_")}
        assert methods == {name for name in dir(theirs) if not name.startswith("_")}
        for method in methods:
            parameters = list(inspect.signature(getattr(ours, method)).parameters)
            assert parameters == list(inspect.signature(getattr(theirs, method)).parameters)
