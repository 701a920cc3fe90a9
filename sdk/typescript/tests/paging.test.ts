import assert from "node:assert/strict";
import { test } from "node:test";
import { json, lost, scripted } from "./support/scripted-server.js";

const page = (ids: number[], next_cursor: string | null) => json({ items: ids.map((id) => ({ id })), next_cursor });

test("a loop goes through the items of all pages with the same filters", async () => {
  const server = await scripted(page([1, 2], "c1"), lost, page([3], "c2"), page([], null));
  const ids: unknown[] = [];
  for await (const { id } of server.client().generations.list({ status: "failed", limit: 2 })) ids.push(id);
  assert.deepEqual(ids, [1, 2, 3]);
  assert.deepEqual(
    server.received.map(({ url }) => url.replace("/v1/generations?status=failed&limit=2", "")),
    ["", "&cursor=c1", "&cursor=c1", "&cursor=c2"],
  );
});

test("pages can be had as pages, and the first one by waiting for it", async () => {
  const server = await scripted(page([1], "c1"), page([2], null), page([1], "c1"));
  const cursors: unknown[] = [];
  for await (const { next_cursor } of server.client().generations.list().pages()) cursors.push(next_cursor);
  assert.deepEqual(cursors, ["c1", null]);
  assert.equal((await server.client().generations.list()).next_cursor, "c1");
});

test("no page is fetched that is not needed, and a list goes on at a cursor", async () => {
  const server = await scripted(page([1, 2], "c1"));
  const list = server.client().generations.list({ cursor: "c0" });
  assert.equal(server.received.length, 0);
  assert.equal((await list.take(2)).length, 2);
  assert.deepEqual(
    server.received.map(({ url }) => url),
    ["/v1/generations?cursor=c0"],
  );
});

test("a back end says for whom it asks, and a caller with another token does not", async () => {
  const server = await scripted(page([], null));
  const shop = server.client({ user: "café 50%" });
  await shop.generations.list();
  await shop.onBehalfOf("bob").credits.get();
  await shop.credits.get({}, { headers: { "Cooly-User": "carol" } });
  await shop.as("a-token-of-alice").credits.get();
  await shop.operations.isReady();
  const sent = server.received.map(({ headers }) => headers["cooly-user"]);
  assert.deepEqual(sent, ["caf%C3%A9%2050%25", "bob", "carol", undefined, undefined]);
});

test("a list after a write waits for the write, of this client and of its other callers", async () => {
  const server = await scripted(
    json({}, 201, { "ledger-position": "41" }),
    json({}, 201, { "ledger-position": "7" }),
    page([], null),
  );
  const client = server.client();
  await client.accounts.grant("a", { amount: "1", reason: "r" });
  await client.accounts.grant("a", { amount: "1", reason: "r" });
  await client.generations.list();
  await client.as("other").credits.history();
  await client.generations.list({}, { ledgerPosition: 99 });
  client.readAfter(100);
  await client.generations.list();
  await client.credits.get();
  const sent = server.received.slice(2).map(({ headers }) => headers["ledger-position"]);
  assert.deepEqual(sent, ["41", "41", "99", "100", undefined]);
  assert.equal(client.ledgerPosition, "100");
});
