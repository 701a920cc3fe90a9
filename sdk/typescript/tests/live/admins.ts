import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { addCredits, type BulkGrantAnswer, ConflictError, NotFoundError } from "@cooly/sdk";
import type { RunningCooly } from "../support/cooly.js";

export function admins(running: () => RunningCooly): void {
  const admin = () => running().client("admin", "ops");
  const someone = () => `someone-${randomUUID()}`;

  test("grants, corrects, holds, captures, releases and takes back", async () => {
    const [{ accounts }, user] = [admin(), someone()];
    const { lot } = await accounts.grant(user, { amount: "20.5", reason: "a test", source: "promo", priority: 10 });
    assert.equal(lot.source, "promo");
    const adjusted = await accounts.adjust(user, { amount: "-0.5", reason: "a test" });
    assert.equal(adjusted.amount, "-0.5");
    const { hold } = await accounts.hold(user, { amount: "10", reason: "a render" });
    assert.equal((await accounts.listHolds(user)).items.length, 1);
    const captured = await accounts.captureHold(user, hold.id ?? 0, { amount: "7" });
    assert.deepEqual([captured.released, captured.available], ["3", "13"]);
    const second = await accounts.hold(user, { amount: "1", reason: "another" });
    await accounts.releaseHold(user, second.hold.id ?? 0);
    assert.equal((await accounts.voidLot(user, lot.id ?? 0, { reason: "a chargeback" })).amount, "13");
    await assert.rejects(async () => accounts.releaseHold(user, hold.id ?? 0), ConflictError);
    await assert.rejects(async () => accounts.captureHold(user, 99, { amount: "1" }), NotFoundError);
  });

  test("orders many things at once, all or none", async () => {
    const [{ accounts }, a, b] = [admin(), someone(), someone()];
    await accounts.grant(a, { amount: "30", reason: "a test" });
    const { items } = await accounts.order({
      commands: [
        { user: a, adjust: { amount: "-30", reason: "moved" } },
        { user: b, grant: { amount: "30", reason: "moved" } },
      ],
    });
    assert.deepEqual([items[0]?.adjust?.balance, items[1]?.grant?.balance], ["0", "30"]);
  });

  test("grants in bulk, and again without granting twice", async () => {
    const [{ accounts }, users] = [admin(), [someone(), someone()]];
    const options = { idempotencyKey: `plans-${randomUUID()}` };
    const lines = users.map((user) => ({ user, amount: "5", reason: "a plan" }));
    const outcomes = async (upload: Parameters<typeof accounts.grantInBulk>[0]) => {
      const answers: BulkGrantAnswer[] = [];
      for await (const answer of await accounts.grantInBulk(upload, {}, options)) answers.push(answer);
      return answers.flatMap((answer) => ("outcome" in answer ? [answer.outcome] : []));
    };
    async function* stream() {
      yield* lines;
    }
    assert.deepEqual(await outcomes(stream()), ["granted", "granted"]);
    assert.deepEqual(await outcomes([...lines, { user: "", amount: "1", reason: "r" }]), [
      "replayed",
      "replayed",
      "refused",
    ]);
  });

  test("mends dead letters: retries one, and gives it up in the end", async () => {
    const [client, sub] = [admin(), someone()];
    await client.accounts.grant(sub, { amount: "4", reason: "a test" });
    const user = running().client("user", sub);
    const { id } = await user.generations.create({ model: "sim-image-down", prompt: "patience" });
    assert.equal((await user.generations.wait(id, { waitTimeoutMs: 240_000 })).status, "dead");
    const story = await client.deadLetters.get(id);
    assert.ok(story.events.length > 3);
    const stale = client.deadLetters.retry(id, { run: story.run + 1 });
    await assert.rejects(async () => stale, { name: "ConflictError", code: "run_stale" });

    const seen = (await client.deadLetters.act({ action: "discard", ids: [id], dry_run: true })).matched;
    assert.equal(seen, 1);
    assert.equal((await client.deadLetters.discard(id, { run: story.run })).refunded, "4");
    assert.equal((await client.deadLetters.discard(id)).status, "discarded");
    assert.equal((await user.credits.get()).available, "4");
  });

  test("lets a worker act on many, with a key", async () => {
    const { deadLetters } = admin();
    const order = { action: "discard", filter: { user: someone() }, reason: "a test" } as const;
    const options = { respondAsync: true, idempotencyKey: randomUUID() } as const;
    const run = await deadLetters.act(order, options);
    assert.equal((await deadLetters.act(order, options)).id, run.id);
    assert.equal((await deadLetters.getBulkAction(run.id)).counts.all, 0);
    assert.deepEqual(await deadLetters.listBulkActionItems(run.id).take(1), []);
  });

  test("reads a statement that adds up, as pages and as a table", async () => {
    const [{ accounts }, user] = [admin(), someone()];
    await accounts.grant(user, { amount: "20.25", reason: "a test" });
    await accounts.hold(user, { amount: "10", reason: "a render" });
    const statement = await accounts.statement(user, { limit: 1 });
    let sum = addCredits(statement.opening.balance, statement.opening.held);
    let entries = 0;
    for await (const entry of accounts.statement(user, { limit: 1 })) {
      sum = addCredits(sum, entry.amount, entry.held_change);
      entries += 1;
    }
    assert.equal(entries, 2);
    assert.equal(sum, addCredits(statement.closing.balance, statement.closing.held));
    const csv = await accounts.statement(user, { format: "csv" });
    assert.match(await csv.text(), /closing/);
  });
}
