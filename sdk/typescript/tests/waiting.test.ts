import assert from "node:assert/strict";
import { test } from "node:test";
import { hasEnded, WaitTimeoutError } from "@cooly/sdk";
import { json, scripted } from "./support/scripted-server.js";

test("waiting asks the server to wait, until the generation has ended", async () => {
  const server = await scripted(json({ status: "queued" }), json({ status: "running" }), json({ status: "dead" }));
  assert.equal((await server.client().generations.wait("1")).status, "dead");
  assert.deepEqual(
    server.received.map(({ headers }) => headers.prefer),
    ["wait=30", "wait=30", "wait=30"],
  );
});

test("waiting gives up in time and tells what it saw last", async () => {
  const server = await scripted(json({ status: "running" }));
  const waiting = server.client().generations.wait("1", { waitTimeoutMs: 300 });
  await assert.rejects(
    waiting,
    (error: unknown) =>
      error instanceof WaitTimeoutError && (error.generation as { status: string }).status === "running",
  );
  assert.ok(server.received.length <= 3, "it asked too often");
});

test("a purchase can wait too", async () => {
  const server = await scripted(json({ status: "succeeded" }));
  await server.client().generations.create({ model: "m", prompt: "p" }, { waitMs: 1500 });
  assert.equal(server.received[0]?.headers.prefer, "wait=2");
});

test("only queued and running generations have not ended", () => {
  const statuses = ["queued", "running", "succeeded", "failed", "dead", "cancelled", "discarded"];
  assert.deepEqual(
    statuses.filter((status) => !hasEnded({ status })),
    ["queued", "running"],
  );
});
