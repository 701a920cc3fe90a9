import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConnectionError,
  Cooly,
  OutcomeUnknownError,
  RateLimitedError,
  TimeoutError,
  UnavailableError,
} from "@cooly/sdk";
import { json, lost, problem, type Reply, type Scripted, scripted } from "./support/scripted-server.js";

const GRANT = { amount: "1", reason: "a test" };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function using(replies: Reply[], run: (server: Scripted) => Promise<void>) {
  const server = await scripted(...replies);
  try {
    await run(server);
  } finally {
  }
}

const keysOf = ({ received }: Scripted) => received.map(({ headers }) => headers["idempotency-key"]);

test("a lost answer is repeated with the same key and the same body", () =>
  using([lost, json({ balance: "1" }, 201)], async (server) => {
    await server.client().accounts.grant("alice", GRANT);
    const [first, second] = keysOf(server);
    assert.match(String(first), UUID);
    assert.equal(first, second);
    assert.equal(server.received[0]?.body, server.received[1]?.body);
  }));

test("an unknown outcome and a passed deadline are repeated with the same key", () =>
  using([problem(504, "outcome_unknown"), problem(504, "deadline_exceeded"), json({}, 201)], async (server) => {
    await server.client().accounts.grant("alice", GRANT);
    assert.equal(server.received.length, 3);
    assert.equal(new Set(keysOf(server)).size, 1);
  }));

test("two calls have two keys", () =>
  using([json({}, 201)], async (server) => {
    await server.client().accounts.grant("alice", GRANT);
    await server.client().accounts.grant("alice", GRANT);
    assert.equal(new Set(keysOf(server)).size, 2);
  }));

test("the caller's key is used, and told with the answer", () =>
  using([json({}, 201, { "idempotent-replayed": "true", "x-request-id": "r-7" })], async (server) => {
    const answer = await server.client().accounts.grant("alice", GRANT, { idempotencyKey: "order-1" }).withResponse();
    assert.deepEqual(keysOf(server), ["order-1"]);
    assert.equal(answer.idempotencyKey, "order-1");
    assert.equal(answer.replayed, true);
    assert.equal(answer.requestId, "r-7");
  }));

test("the error of a call that never had an answer tells its key", () =>
  using([lost], async (server) => {
    const call = server.client({ retries: 1 }).accounts.grant("alice", GRANT, { idempotencyKey: "order-1" });
    await assert.rejects(
      call,
      (error: unknown) => error instanceof ConnectionError && error.idempotencyKey === "order-1",
    );
    assert.equal(server.received.length, 2);
  }));

test("an outcome that stays unknown is an error of its own with the key", () =>
  using([problem(504, "outcome_unknown")], async (server) => {
    const call = server.client({ retries: 2 }).generations.create({ model: "m", prompt: "p" }, { idempotencyKey: "k" });
    await assert.rejects(
      call,
      (error: unknown) => error instanceof OutcomeUnknownError && error.idempotencyKey === "k",
    );
    assert.equal(server.received.length, 3);
  }));

test("Retry-After is waited for", () =>
  using([problem(429, "rate_limited", {}, { "retry-after": "1" }), json({ items: [] })], async (server) => {
    const began = performance.now();
    await server.client().credits.models();
    assert.ok(performance.now() - began >= 990, "it came back too soon");
  }));

test("a Retry-After that is too long fails at once and is told", () =>
  using([problem(429, "rate_limited", {}, { "retry-after": "3600" })], async (server) => {
    const call = server.client().credits.models();
    await assert.rejects(
      call,
      (error: unknown) => error instanceof RateLimitedError && error.retryAfterMs === 3_600_000,
    );
    assert.equal(server.received.length, 1);
  }));

test("a write without a key is not repeated when its answer is lost", () =>
  using([lost], async (server) => {
    await assert.rejects(
      async () => server.client().deadLetters.retry("01980a5e-7c1d-7000-8000-000000000001"),
      ConnectionError,
    );
    assert.equal(server.received.length, 1);
  }));

test("a write without a key is repeated when Cooly says that nothing was done", () =>
  using([problem(503, "overloaded"), json({}, 202)], async (server) => {
    await server.client().deadLetters.retry("01980a5e-7c1d-7000-8000-000000000001");
    assert.equal(server.received.length, 2);
  }));

test("a write without a key is not repeated when something between says 503", () =>
  using([(response) => response.writeHead(503).end("<html>")], async (server) => {
    const call = server.client().deadLetters.retry("01980a5e-7c1d-7000-8000-000000000001");
    await assert.rejects(call, (error: unknown) => error instanceof UnavailableError && error.code === "http_503");
    assert.equal(server.received.length, 1);
  }));

test("a cancel is harmless to repeat, so it is", () =>
  using([lost, json({})], async (server) => {
    await server.client().generations.cancel("01980a5e-7c1d-7000-8000-000000000001");
    assert.equal(server.received.length, 2);
  }));

test("what is refused is not repeated", () =>
  using([problem(422, "model_unknown")], async (server) => {
    await assert.rejects(async () => server.client().generations.create({ model: "m", prompt: "p" }));
    assert.equal(server.received.length, 1);
  }));

test("an attempt that takes too long is repeated, and then an error", async () => {
  let attempts = 0;
  const fetch: typeof globalThis.fetch = (_, init) => {
    attempts += 1;
    return new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
  };
  const client = new Cooly({
    baseUrl: "http://127.0.0.1:1",
    token: "t",
    fetch,
    timeoutMs: 20,
    retries: 1,
    backoffMs: 5,
  });
  await assert.rejects(client.credits.get(), TimeoutError);
  assert.equal(attempts, 2);
});

test("a caller's signal ends the call and its repeats", async () => {
  const controller = new AbortController();
  const refusal = problem(503, "overloaded", {}, { "retry-after": "30" });
  const reply: Reply = (response, request) => {
    refusal(response, request);
    setTimeout(() => controller.abort(new Error("enough")), 100);
  };
  await using([reply], async (server) => {
    await assert.rejects(server.client().credits.get({}, { signal: controller.signal }), { message: "enough" });
    assert.equal(server.received.length, 1);
  });
});

test("a refused token is asked for anew, once", () =>
  using([problem(401, "unauthenticated"), json({})], async (server) => {
    const asked: boolean[] = [];
    const token = ({ renew }: { renew: boolean }) => {
      asked.push(renew);
      return renew ? "new" : "old";
    };
    await server.client({ token }).credits.get();
    assert.deepEqual(asked, [false, true]);
    assert.equal(server.received[1]?.headers.authorization, "Bearer new");
  }));
