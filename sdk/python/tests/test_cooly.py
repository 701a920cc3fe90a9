"""The SDK against a Cooly that runs."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
import threading
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import PATIENCE, Customer, Server, eventually

import cooly
from cooly import AsyncCooly, Cooly


def test_a_picture_is_bought_waited_for_and_downloaded(customer: Customer, tmp_path: Path) -> None:
    client = customer.client
    bought = client.generations.create(
        model="sim-image", prompt="a lighthouse in fog", count=2, params={"width": 128, "height": 64, "seed": 7}
    )
    assert (bought.status, bought.balance, bought.params.width) == ("queued", "92", 128)
    done = client.generations.wait(bought, timeout=PATIENCE)
    assert done.status == "succeeded"
    assert [one.index for one in done.outputs] == [0, 1]
    file = tmp_path / "lighthouse.png"
    size = client.generations.get_output(done.id, 0).save(file)
    assert size == file.stat().st_size
    assert hashlib.sha256(file.read_bytes()).hexdigest() == done.outputs[0].sha256
    with client.generations.get_output_thumbnail(done.id, 0) as small:
        assert small.content_type == "image/jpeg"
        assert sum(map(len, small)) == small.size
    with client.generations.get_output(done.id, 0, range="bytes=0-7") as start:
        assert (start.status, b"".join(start)) == (206, b"\x89PNG\r\n\x1a\n")


def test_a_purchase_can_wait_for_its_end(customer: Customer) -> None:
    done = customer.client.generations.create(model="sim-image", prompt="x", wait=30)
    assert done.id
    assert customer.client.generations.wait(done, timeout=PATIENCE).status == "succeeded"


def test_the_same_key_buys_once(customer: Customer) -> None:
    client = customer.client
    first = client.generations.create(model="sim-image", prompt="x", idempotency_key="order-1")
    again = client.generations.create(model="sim-image", prompt="x", idempotency_key="order-1", dry_run=False)
    assert first == again
    with pytest.raises(cooly.IdempotencyKeyReusedError):
        client.generations.create(model="sim-image", prompt="y", idempotency_key="order-1")
    assert client.credits.get().available == "96"


def test_a_list_shows_what_was_just_written(customer: Customer) -> None:
    client = customer.client
    for number in range(5):
        bought = client.generations.create(model="sim-image", prompt=str(number))
        assert next(iter(client.generations.list(limit=1))).id == bought.id


def test_history_is_read_through_its_pages(customer: Customer, admin: Cooly) -> None:
    for number in range(7):
        admin.accounts.grant_credits(customer.user, amount=Decimal("0.000001"), reason=f"number {number}")
    client = customer.client.with_options()
    client.read_at_least(admin.position or 0)
    history = client.credits.list_history(limit=3)
    assert [change.reason for change in history] == [f"number {number}" for number in range(6, -1, -1)] + ["hello"]
    assert [len(page.items) for page in history.pages()] == [3, 3, 2]
    assert client.credits.get().available == "100.000007"


def test_what_is_not_covered_costs_nothing(customer: Customer) -> None:
    client = customer.client
    quote = client.generations.create_batch(items=[{"model": "sim-image", "prompt": "x", "count": 4}], dry_run=True)
    assert (quote.cost, quote.items[0].cost_is) == ("16", "exact")
    with pytest.raises(cooly.InsufficientCreditsError) as caught:
        client.generations.create_batch(items=[{"model": "sim-image", "prompt": "x", "count": 4}] * 7)
    assert caught.value.code == "credits_insufficient"
    assert caught.value.request_id
    assert client.credits.get().available == "100"


def test_what_is_wrong_is_named(customer: Customer) -> None:
    with pytest.raises(cooly.InvalidRequestError) as caught:
        customer.client.generations.create(model="no-such-model", prompt="x")
    assert caught.value.code == "model_unknown"
    with pytest.raises(cooly.ApiError) as caught_fields:
        customer.client.generations.create(model="sim-image", prompt="x", params={"width": 1})
    assert "width" in caught_fields.value.errors[0].field
    with pytest.raises(cooly.NotFoundError):
        customer.client.generations.get("01980a5e-7c1d-7000-8000-000000000001")
    with pytest.raises(cooly.PermissionDeniedError):
        customer.client.accounts.get_overview()
    with pytest.raises(cooly.UnauthenticatedError):
        customer.client.with_options(token="not-a-token").credits.get()


def test_a_clip_is_cancelled_and_refunded(customer: Customer) -> None:
    client = customer.client
    bought = client.generations.create(model="sim-video", kind="video", prompt="waves")
    assert Decimal(bought.balance) < 100
    cancelled = client.generations.cancel(bought.id)
    assert (cancelled.status, cancelled.balance) == ("cancelled", "100")
    assert client.generations.cancel(bought.id).status == "cancelled"
    done = client.generations.create(model="sim-image", prompt="x")
    client.generations.wait(done, timeout=PATIENCE)
    with pytest.raises(cooly.ConflictError):
        client.generations.cancel(done.id)
    with pytest.raises(cooly.ConflictError):
        client.generations.retry(done.id)


def test_the_stream_tells_every_change_and_goes_on_later(customer: Customer) -> None:
    client, seen = customer.client, []
    with client.generations.follow() as stream:
        bought = client.generations.create(model="sim-image", prompt="x")
        for event in stream:
            seen.append(event)
            if event.data.status == "succeeded":
                break
        last = stream.last_event_id
    assert {event.data.id for event in seen} == {bought.id}
    assert [event.id for event in seen] == sorted(event.id or 0 for event in seen)
    again = client.generations.create(model="sim-image-strict", prompt="x")
    with client.generations.follow(last_event_id=last) as stream:
        ended = next(event for event in stream if event.data.status == "failed")
    assert ended.data.id == again.id
    assert ended.data.failure is not None
    assert ended.data.failure.code == "content_refused"
    assert ended.data.failure.class_ == "permanent"


def test_an_admin_grants_corrects_holds_and_refunds(server: Server, admin: Cooly) -> None:
    user = server.new_user()
    terms = datetime.now(timezone.utc) + timedelta(days=30)
    tried = admin.accounts.grant_credits(user, amount="10", reason="r", dry_run=True)
    assert tried.lot.id is None
    made = admin.accounts.grant_credits(
        user, amount="10", reason="promo", source="promo", priority=10, expires_at=terms, metadata={"campaign": "May"}
    )
    assert (made.balance, made.lot.expires_at, made.lot.metadata) == ("10", terms, {"campaign": "May"})
    taken = admin.accounts.adjust_credits(user, amount="-12.5", reason="wrong", clamp=True)
    assert (taken.asked, taken.amount, taken.balance) == ("-12.5", "-10", "0")
    admin.accounts.order_credits(commands=[{"user": user, "grant": {"amount": Decimal("20"), "reason": "again"}}])
    hold = admin.accounts.hold_credits(user, amount="5", reason="a render").hold
    assert [one.id for one in admin.accounts.list_holds(user).items] == [hold.id]
    assert hold.id is not None
    assert admin.accounts.capture_hold(user, hold.id, amount="3").released == "2"
    with pytest.raises(cooly.ConflictError) as caught:
        admin.accounts.release_hold(user, hold.id)
    assert caught.value.code == "hold_not_open"
    assert admin.accounts.get(user).available == "17"
    assert user in [row.user for row in admin.accounts.list(search=user)]


def test_names_of_users_survive_the_address(server: Server, admin: Cooly) -> None:
    user = "a/b c?d#é%20"
    admin.accounts.grant_credits(user, amount="1", reason="r")
    assert admin.accounts.get(user).user == user
    with server.client("user", user) as client:
        assert client.credits.get().available == "1"


def test_many_grants_are_uploaded(server: Server, admin: Cooly) -> None:
    users = [server.new_user() for _ in range(3)]
    lines: list[cooly.requests.BulkGrantLine] = [{"user": user, "amount": "2", "reason": "plan"} for user in users]
    lines.append({"user": users[0], "amount": "-1", "reason": "wrong"})
    for outcome in ("granted", "replayed"):
        with admin.accounts.grant_in_bulk(lines, idempotency_key=users[0]) as upload:
            told = list(upload)
        assert told[-1]["done"][outcome] == 3
        assert told[-1]["done"]["refused"] == 1
    table = f"user,amount,reason\n{users[1]},3,more\n".encode()
    with admin.accounts.grant_in_bulk(table, idempotency_key=users[1], content_type="text/csv") as upload:
        assert list(upload)[-1]["done"]["granted"] == 1
    assert admin.accounts.get(users[1]).available == "5"


def test_a_dead_letter_is_retried_and_given_up(customer: Customer, admin: Cooly) -> None:
    bought = customer.client.generations.create(model="sim-image-down", prompt="patience")
    dead = customer.client.generations.wait(bought, timeout=PATIENCE)
    assert (dead.status, dead.charged) == ("dead", "4")
    story = admin.dead_letters.get(dead.id)
    assert story.events[0].type == "job.queued"
    with pytest.raises(cooly.ConflictError) as caught:
        admin.dead_letters.discard(dead.id, run=story.run + 1)
    assert caught.value.code == "run_stale"
    tried = admin.dead_letters.act(action="discard", ids=[dead.id], dry_run=True)
    assert (tried.matched, tried.dry_run) == (1, True)
    run = admin.dead_letters.act(action="discard", ids=[dead.id], reason="a test", respond_async=True)
    assert admin.dead_letters.get_bulk_action(run.id).reason == "a test"
    assert eventually(lambda: customer.client.generations.get(dead.id).status == "discarded")
    assert customer.client.credits.get().available == "100"
    assert [one.id for one in admin.dead_letters.list_bulk_action_items(run.id)] == [dead.id]
    assert run.id in [one.id for one in admin.dead_letters.list_bulk_actions()]


def test_a_statement_adds_up_and_is_a_file_too(customer: Customer, tmp_path: Path) -> None:
    client = customer.client
    client.generations.wait(client.generations.create(model="sim-image", prompt="x"), timeout=PATIENCE)
    pager = client.credits.get_statement(limit=1)
    statement = pager.page()
    assert statement.totals is not None
    totals = (statement.totals.granted, statement.totals.spent)
    assert totals == ("100", "-4")
    assert sum(Decimal(entry.amount) for entry in pager) == Decimal(statement.closing.balance) == 96
    assert client.credits.download_statement(format="csv").save(tmp_path / "statement.csv")
    assert (tmp_path / "statement.csv").read_text().splitlines()[-1].split(",")[1] == "closing"
    with client.credits.download_statement(format="html") as page:
        assert page.content_type.startswith("text/html")
    assert client.credits.get_usage(from_=datetime.now(timezone.utc).date()).items[0].spent == "4"


def test_a_list_is_a_file_too(customer: Customer, tmp_path: Path) -> None:
    client = customer.client
    bought = [client.generations.create(model="sim-image", prompt=f"picture {number}").id for number in range(3)]
    lines, table = tmp_path / "generations.ndjson", tmp_path / "history.csv"
    assert client.generations.download_list(format="ndjson").save(lines)
    *items, last = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [item["id"] for item in items] == bought[::-1]
    assert last["export"]["rows"] == 3
    client.credits.download_history(format="csv", type="credits.debited").save(table)
    with table.open(newline="") as file:
        assert [row["amount"] for row in csv.DictReader(file)] == ["-4", "-4", "-4"]


def test_an_auditor_reads_exports_and_proves(server: Server, customer: Customer, tmp_path: Path) -> None:
    with server.client("auditor", "eve") as auditor:
        events = list(auditor.audit.list_events(user=customer.user))
        assert [event.type for event in events] == ["credits.granted"]
        assert events[0].payload
        assert auditor.audit.verify_account(customer.user).valid
        file = tmp_path / "log.ndjson"
        auditor.audit.export_events(user=customer.user).save(file)
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert lines[0]["hash"]
        assert "export" in lines[-1]
        auditor.audit.export_events(format="parquet").save(tmp_path / "log.parquet")
        assert (tmp_path / "log.parquet").read_bytes()[:4] == b"PAR1"
        assert list(auditor.audit.list_seals()) is not None


def test_the_server_tells_how_it_is(server: Server) -> None:
    with Cooly(server.url) as nobody:
        assert nobody.operations.is_live().status == "live"
        assert nobody.operations.is_ready().status == "ready"
        assert "cooly_" in nobody.operations.get_metrics() or "ledger_" in nobody.operations.get_metrics()
        issued = nobody.operations.issue_dev_token(role="user", sub="mallory")
        assert nobody.with_options(token=issued.token).credits.get().available == "0"


def test_one_client_serves_many_threads(customer: Customer) -> None:
    client = customer.client
    threads = [
        threading.Thread(target=lambda: client.generations.create(model="sim-image", prompt="x")) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(client.generations.list())) == 8
    assert client.credits.get().available == "68"


def test_the_same_is_awaited(server: Server, admin: Cooly, tmp_path: Path) -> None:
    user = server.new_user()
    admin.accounts.grant_credits(user, amount="12", reason="hello")

    async def walk() -> None:
        async with AsyncCooly(server.url, server.token("user", user)) as client:
            async with client.generations.follow() as stream:
                bought = await asyncio.gather(
                    *(client.generations.create(model="sim-image", prompt=str(number)) for number in range(3))
                )
                done = set()
                async for event in stream:
                    if event.data.status == "succeeded":
                        done.add(event.data.id)
                    if len(done) == 3:
                        break
            assert done == {one.id for one in bought}
            assert (await client.generations.wait(bought[0])).status == "succeeded"
            await client.generations.get_output(bought[0].id, 0).save(tmp_path / "it.png")
            with pytest.raises(cooly.InsufficientCreditsError):
                await client.generations.create(model="sim-image", prompt="x")
            assert [one.status async for one in client.generations.list(status="succeeded")] == ["succeeded"] * 3
            assert len([change async for change in client.credits.list_history()]) == 4

    asyncio.run(asyncio.wait_for(walk(), PATIENCE))
