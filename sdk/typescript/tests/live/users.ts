import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import {
  ConflictError,
  IdempotencyKeyReusedError,
  InsufficientCreditsError,
  NotFoundError,
  ValidationError,
} from "@cooly/sdk";
import type { RunningCooly } from "../support/cooly.js";

const PICTURE = { model: "sim-image", prompt: "a lighthouse in fog" };

/** A customer with credits, and its clients. */
async function customer(cooly: RunningCooly, amount: string) {
  const sub = `customer-${randomUUID()}`;
  const admin = cooly.client("admin", "ops");
  await admin.accounts.grant(sub, { amount, reason: "a test" });
  return { sub, admin, user: cooly.client("user", sub) };
}

export function users(running: () => RunningCooly): void {
  test("buys a picture, waits for it, and downloads what was made", async () => {
    const { user } = await customer(running(), "100");
    const bought = await user.generations.create(PICTURE);
    assert.equal(bought.cost, "4");
    assert.equal(bought.balance, "96");

    const made = await user.generations.wait(bought.id, { waitTimeoutMs: 120_000 });
    assert.equal(made.status, "succeeded");
    const download = await user.generations.getOutput(made.id, 0);
    const bytes = await download.bytes();
    assert.equal(download.contentType, "image/png");
    assert.equal(createHash("sha256").update(bytes).digest("hex"), made.outputs[0]?.sha256);

    const part = await user.generations.getOutput(made.id, 0, { range: "bytes=0-7" });
    assert.deepEqual([part.status, (await part.bytes()).length], [206, 8]);
    assert.equal(await user.generations.getOutput(made.id, 0, { ifNoneMatch: download.etag ?? "" }), null);
    const thumbnail = await user.generations.getThumbnail(made.id, 0);
    assert.equal(thumbnail.contentType, "image/jpeg");
    await thumbnail.cancel();
  });

  test("buys once under one key, and the repeat says that it is one", async () => {
    const { user } = await customer(running(), "100");
    const options = { idempotencyKey: `order-${randomUUID()}` };
    const first = await user.generations.create(PICTURE, options).withResponse();
    const second = await user.generations.create(PICTURE, options).withResponse();
    assert.deepEqual([first.replayed, second.replayed], [false, true]);
    assert.equal(second.data.id, first.data.id);
    assert.equal((await user.credits.get()).available, "96");
    await assert.rejects(
      async () => user.generations.create({ ...PICTURE, count: 2 }, options),
      IdempotencyKeyReusedError,
    );
  });

  test("is told what a purchase would cost", async () => {
    const { user } = await customer(running(), "100");
    const quote = await user.generations.create({ ...PICTURE, count: 2, dry_run: true });
    assert.deepEqual([quote.cost, quote.balance], ["8", "92"]);
    const batch = await user.generations.createBatch({ items: [PICTURE, PICTURE], dry_run: true });
    assert.equal(batch.cost, "8");
    assert.equal((await user.credits.get()).available, "100");
  });

  test("cannot buy what it cannot pay, and can with the same key after a grant", async () => {
    const { user, admin, sub } = await customer(running(), "3");
    const options = { idempotencyKey: `order-${randomUUID()}` };
    const refused = await user.generations.create(PICTURE, options).catch((error: unknown) => error);
    assert.ok(refused instanceof InsufficientCreditsError);
    assert.equal(refused.code, "credits_insufficient");
    assert.equal(refused.idempotencyKey, options.idempotencyKey);
    await admin.accounts.grant(sub, { amount: "1", reason: "a test" });
    assert.equal((await user.generations.create(PICTURE, options)).balance, "0");
  });

  test("cancels what it bought, and gets its credits back", async () => {
    const { user } = await customer(running(), "100");
    const { id } = await user.generations.create({ model: "sim-video", kind: "video", prompt: "waves" });
    const cancelled = await user.generations.cancel(id);
    assert.deepEqual([cancelled.status, cancelled.balance], ["cancelled", "100"]);
    assert.equal((await user.generations.wait(id)).status, "cancelled");
    const ended = await user.generations.create({ ...PICTURE, model: "sim-image-strict" }, { waitMs: 30_000 });
    await user.generations.wait(ended.id, { waitTimeoutMs: 120_000 });
    await assert.rejects(async () => user.generations.cancel(ended.id), ConflictError);
  });

  test("pages through its history, newest first, and sees what it just did", async () => {
    const { user, admin, sub } = await customer(running(), "1");
    for (let grant = 2; grant <= 7; grant++)
      await admin.accounts.grant(sub, { amount: String(grant), reason: "a test" });
    const history = admin.as(await tokenOf(running(), sub)).credits.history({ limit: 3 });
    const amounts: string[] = [];
    for await (const { amount } of history) amounts.push(amount);
    assert.deepEqual(amounts, ["7", "6", "5", "4", "3", "2", "1"]);
    let pages = 0;
    for await (const { items } of history.pages()) pages += items.length > 0 ? 1 : 0;
    assert.equal(pages, 3);
    assert.equal((await user.credits.get()).available, "28");
  });

  test("follows its generations, and goes on where it stopped", async () => {
    const { user } = await customer(running(), "100");
    const signal = AbortSignal.timeout(120_000);
    const stream = await user.generations.follow({ signal });
    const { id } = await user.generations.create(PICTURE);
    const began = stream.lastEventId;
    for await (const generation of stream) if (generation.id === id && generation.status === "succeeded") break;
    const resumed = await user.generations.follow({ signal, lastEventId: began });
    for await (const generation of resumed) {
      assert.equal(generation.status, "succeeded");
      break;
    }
  });

  test("is refused what it may not have, by class", async () => {
    const { user } = await customer(running(), "1");
    await assert.rejects(async () => user.generations.get(randomUUID()), NotFoundError);
    await assert.rejects(async () => user.generations.create({ ...PICTURE, model: "none" }), ValidationError);
    await assert.rejects(async () => user.accounts.overview(), { name: "ForbiddenError" });
    const stranger = running().client("user", "stranger").as("no-token");
    await assert.rejects(async () => stranger.credits.get(), { name: "UnauthenticatedError" });
  });

  test("knows its generations by ETag", async () => {
    const { user } = await customer(running(), "100");
    const { id } = await user.generations.create(PICTURE);
    await user.generations.wait(id, { waitTimeoutMs: 120_000 });
    const { etag } = await user.generations.get(id).withResponse();
    assert.ok(etag);
    assert.equal(await user.generations.get(id, { ifNoneMatch: etag }), null);
  });
}

async function tokenOf(cooly: RunningCooly, sub: string): Promise<string> {
  return (await cooly.client("user", sub).operations.issueDevToken({ role: "user", sub })).token;
}
