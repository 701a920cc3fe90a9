import assert from "node:assert/strict";
import { test } from "node:test";
import { UnauthenticatedError } from "@cooly/sdk";
import { events, lost, problem, type Reply, type Scripted, scripted } from "./support/scripted-server.js";

const event = (id: number, data: string) => `event: generation\nid: ${id}\ndata: {"id":"${data}"}\n\n`;
const resumedAt = ({ received }: Scripted) => received.map(({ headers }) => headers["last-event-id"]);

async function idsOf(server: Scripted, count: number, options = {}) {
  const stream = await server.client().generations.follow(options);
  const ids: string[] = [];
  for await (const { id } of stream) if (ids.push(id) === count) break;
  return { ids, stream };
}

test("a stream that breaks goes on after the last event", async () => {
  const server = await scripted(
    events("id: 5\n\n", ": still here\n\n", event(6, "a"), "id: 7\nevent: gen"),
    lost,
    events(event(7, "b")),
    events(event(9, "c")),
  );
  const { ids, stream } = await idsOf(server, 3);
  assert.deepEqual(ids, ["a", "b", "c"]);
  assert.deepEqual(resumedAt(server), [undefined, "6", "6", "7"]);
  assert.equal(stream.lastEventId, "9");
});

test("a stream that breaks before its first change goes on where it began", async () => {
  const server = await scripted(events("id: 5\n\n"), events(event(6, "a")));
  assert.deepEqual((await idsOf(server, 1)).ids, ["a"]);
  assert.deepEqual(resumedAt(server), [undefined, "5"]);
});

test("a stream can go on where another process stopped", async () => {
  const server = await scripted(events(event(6, "a")));
  assert.deepEqual((await idsOf(server, 1, { lastEventId: "5" })).ids, ["a"]);
  assert.deepEqual(resumedAt(server), ["5"]);
});

test("events come whole however they are cut, and in any kind of line", async () => {
  const server = await scripted((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const text = 'id: 1\r\n\r\nid:2\r\ndata: {"id":\r\ndata: "é"}\r\n\r\n';
    for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
  });
  assert.deepEqual((await idsOf(server, 1)).ids, ["é"]);
});

test("an end that is final is an error", async () => {
  const server = await scripted(events("id: 5\n\n"), problem(401, "unauthenticated"));
  await assert.rejects(idsOf(server, 1), UnauthenticatedError);
});

test("a stream that is closed ends its loop, and a signal breaks it", async () => {
  const open = (response: import("node:http").ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("id: 5\n\n");
  };
  const server = await scripted(open);
  const stream = await server.client().generations.follow();
  setTimeout(() => stream.close(), 50);
  for await (const _ of stream) assert.fail("nothing happened");

  const controller = new AbortController();
  const signalled = await server.client().generations.follow({ signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 50);
  await assert.rejects(
    async () => {
      for await (const _ of signalled) assert.fail("nothing happened");
    },
    { message: "enough" },
  );
});

test("comments keep a stream alive, and silence makes it reconnect", async () => {
  const quiet: Reply = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("id: 5\n\n");
    let comments = 0;
    const timer = setInterval(() => {
      response.write(": still here\n\n");
      if (++comments === 20) clearInterval(timer);
    }, 200);
  };
  const server = await scripted(quiet, events(event(6, "a")));
  const began = performance.now();
  for await (const { id } of await server.client({ silenceMs: 2_500 }).generations.follow()) {
    assert.equal(id, "a");
    break;
  }
  assert.deepEqual(resumedAt(server), [undefined, "5"]);
  assert.ok(performance.now() - began > 6_000, "it took the comments for silence");
});
