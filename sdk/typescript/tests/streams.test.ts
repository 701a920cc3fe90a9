import assert from "node:assert/strict";
import { test } from "node:test";
import { type BulkGrantAnswer, ConnectionError } from "@cooly/sdk";
import { type Reply, scripted } from "./support/scripted-server.js";

const LINE = { user: "a", amount: "1", reason: "r" };
const END = '{"done":{"dry_run":false,"granted":1,"refused":0,"replayed":0,"stopped":null}}\n';

const ndjson =
  (text: string): Reply =>
  (response) =>
    response.writeHead(200, { "content-type": "application/x-ndjson" }).end(text);

test("a download comes in pieces, with what is known of it", async () => {
  const server = await scripted((response) => {
    response.writeHead(200, {
      "content-type": "image/png",
      etag: '"abc"',
      "content-disposition": 'attachment; filename="a.png"',
    });
    response.write("12");
    setTimeout(() => response.end("345"), 30);
  });
  const download = await server.client().generations.getOutput("1", 0);
  assert.deepEqual([download.contentType, download.etag, download.filename], ["image/png", '"abc"', "a.png"]);
  const pieces: number[] = [];
  for await (const bytes of download) pieces.push(bytes.length);
  assert.equal(
    pieces.reduce((sum, length) => sum + length),
    5,
  );
  assert.ok(pieces.length > 1, "it was kept until it was whole");
});

test("a download that is cut off is an error", async () => {
  const server = await scripted((response) => {
    response.writeHead(200, { "content-length": "10" });
    response.write("12", () => setTimeout(() => response.destroy(), 20));
  });
  const download = await server.client().generations.getOutput("1", 0);
  assert.equal(download.size, 10);
  await assert.rejects(download.bytes(), ConnectionError);
});

test("what is known already is null", async () => {
  const server = await scripted((response) => response.writeHead(304, { etag: '"abc"' }).end());
  const { generations } = server.client();
  assert.equal(await generations.getOutput("1", 0, { ifNoneMatch: '"abc"' }), null);
  assert.equal(await generations.get("1", { ifNoneMatch: '"abc"' }), null);
  assert.equal(server.received[1]?.headers["if-none-match"], '"abc"');
});

test("a statement is a file or pages, as its format says", async () => {
  const server = await scripted((response, { url }) => {
    if (url.includes("csv")) response.writeHead(200, { "content-type": "text/csv" }).end("a,b");
    else response.writeHead(200).end('{"entries":[{"amount":"1"}],"next_cursor":null}');
  });
  const { credits } = server.client();
  assert.equal(await (await credits.statement({ format: "csv" })).text(), "a,b");
  assert.deepEqual(await credits.statement().take(5), [{ amount: "1" }]);
});

test("a list is pages or a file, and so is one that has no pages", async () => {
  const server = await scripted((response, { url }) => {
    if (url.includes("ndjson")) response.writeHead(200, { "content-type": "application/x-ndjson" }).end("{}\n");
    else response.writeHead(200).end('{"items":[{"id":"a"}],"next_cursor":null}');
  });
  const { credits, generations } = server.client();
  assert.equal(await (await generations.list({ status: "failed", format: "ndjson" })).text(), "{}\n");
  assert.equal(await (await credits.models({ format: "ndjson" })).text(), "{}\n");
  assert.deepEqual(await generations.list({ status: "failed" }).take(5), [{ id: "a" }]);
  assert.deepEqual((await credits.models()).items, [{ id: "a" }]);
  assert.equal(server.received[0]?.url, "/v1/generations?status=failed&format=ndjson");
});

test("an upload sends a line for each item, and its answers come line by line", async () => {
  const server = await scripted(ndjson(`{"line":1,"lot":1,"outcome":"granted","user":"a"}\n${END}`));
  async function* lines() {
    yield LINE;
    yield { ...LINE, user: "b" };
  }
  const answers: BulkGrantAnswer[] = [];
  const options = { idempotencyKey: "may" };
  for await (const answer of await server.client().accounts.grantInBulk(lines(), {}, options)) answers.push(answer);
  assert.equal(answers.length, 2);
  const [request] = server.received;
  assert.equal(request?.body, `${JSON.stringify(LINE)}\n${JSON.stringify({ ...LINE, user: "b" })}\n`);
  assert.equal(request?.headers["content-type"], "application/x-ndjson");
});

test("a table is sent as it is", async () => {
  const server = await scripted(ndjson(END));
  const options = { idempotencyKey: "may", contentType: "text/csv" } as const;
  for await (const _ of await server.client().accounts.grantInBulk("user,amount\n", { dry_run: true }, options));
  const [request] = server.received;
  assert.deepEqual([request?.body, request?.url], ["user,amount\n", "/admin/grants/bulk?dry_run=true"]);
  assert.equal(request?.headers["content-type"], "text/csv");
});

test("answers without an end were cut off", async () => {
  const server = await scripted(ndjson('{"line":1,"lot":1,"outcome":"granted","user":"a"}\n'));
  const lines = await server.client().accounts.grantInBulk([LINE], {}, { idempotencyKey: "may" });
  await assert.rejects(async () => {
    for await (const _ of lines);
  }, ConnectionError);
});
