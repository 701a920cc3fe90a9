import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { RunningCooly } from "../support/cooly.js";

export function auditors(running: () => RunningCooly): void {
  const auditor = () => running().client("auditor", "carol").audit;

  async function grants(count: number): Promise<string> {
    const user = `audited-${randomUUID()}`;
    const { accounts } = running().client("admin", "ops");
    for (let grant = 0; grant < count; grant++) await accounts.grant(user, { amount: "1", reason: "a test" });
    return user;
  }

  test("reads the log page by page, and proves an account", async () => {
    const user = await grants(3);
    const events: string[] = [];
    for await (const event of auditor().listEvents({ user, type: "credits.granted", limit: 2 }))
      events.push(event.type);
    assert.deepEqual(events, ["credits.granted", "credits.granted", "credits.granted"]);
    const proof = await auditor().verifyAccount(user);
    assert.deepEqual([proof.valid, proof.breaches], [true, []]);
  });

  test("exports the log as a stream", async () => {
    const user = await grants(2);
    const download = await auditor().exportEvents({ user, format: "csv" });
    let size = 0;
    for await (const bytes of download) size += bytes.length;
    assert.ok(size > 100);
    assert.match(download.contentType, /^text\/csv/);
    await (await auditor().exportEvents({ format: "ndjson" })).cancel();
  });

  test("reads counters, seals and keys", async () => {
    assert.match(await running().client("auditor", "carol").operations.metrics(), /^# /m);
    assert.ok(Array.isArray((await auditor().listSeals()).items));
    assert.ok(Array.isArray((await auditor().listSealKeys()).items));
    await assert.rejects(async () => auditor().proveEvent(1_000_000), { name: "NotFoundError" });
  });
}
