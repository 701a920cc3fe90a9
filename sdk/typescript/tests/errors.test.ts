import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import * as sdk from "@cooly/sdk";
import { json, problem, scripted } from "./support/scripted-server.js";

const CLASSES: Array<[number, string, new (details: sdk.ApiErrorDetails) => sdk.ApiError]> = [
  [400, "body_invalid", sdk.InvalidRequestError],
  [401, "unauthenticated", sdk.UnauthenticatedError],
  [402, "credits_insufficient", sdk.InsufficientCreditsError],
  [403, "forbidden", sdk.ForbiddenError],
  [404, "not_found", sdk.NotFoundError],
  [409, "job_status", sdk.ConflictError],
  [410, "output_deleted", sdk.OutputDeletedError],
  [422, "validation_failed", sdk.ValidationError],
  [422, "idempotency_key_reused", sdk.IdempotencyKeyReusedError],
  [429, "rate_limited", sdk.RateLimitedError],
  [500, "internal", sdk.ServerError],
  [503, "unavailable", sdk.UnavailableError],
  [504, "outcome_unknown", sdk.OutcomeUnknownError],
  [418, "of_a_newer_server", sdk.ApiError],
];

for (const [status, code, type] of CLASSES) {
  test(`${status} ${code} is a ${type.name}`, async () => {
    const server = await scripted(problem(status, code));
    const error = await server
      .client({ retries: 0 })
      .credits.get()
      .catch((error: unknown) => error);
    assert.ok(error instanceof type && error instanceof sdk.ApiError && error instanceof sdk.CoolyError);
    assert.equal(error.name, type.name);
    assert.deepEqual([error.status, error.code, error.requestId], [status, code, "r-1"]);
  });
}

test("an error tells which fields are wrong", async () => {
  const errors = [{ field: "items[3].prompt", message: "is missing" }];
  const server = await scripted(problem(400, "body_invalid", { errors }));
  const error = await server
    .client()
    .credits.get()
    .catch((error: unknown) => error);
  assert.ok(error instanceof sdk.InvalidRequestError);
  assert.deepEqual(error.fieldErrors, errors);
  assert.equal(error.message, "getCredits: 400 body_invalid: why; items[3].prompt: is missing (request r-1)");
});

test("what is no problem document becomes an error all the same", async () => {
  const server = await scripted((response) => response.writeHead(502).end("<html>Bad gateway"));
  const error = await server
    .client({ retries: 0 })
    .credits.get()
    .catch((error: unknown) => error);
  assert.ok(error instanceof sdk.ServerError);
  assert.equal(error.code, "http_502");
});

test("an answer that is not JSON, and a redirect, point at the address", async () => {
  const server = await scripted(
    (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
    (response) => response.writeHead(308, { location: "https://example.com/" }).end(),
  );
  await assert.rejects(async () => server.client().credits.get(), /the answer is not JSON; set `baseUrl`/);
  await assert.rejects(async () => server.client().credits.get(), /redirects elsewhere; set `baseUrl`/);
  assert.equal(server.received.length, 2);
});

test("no secret is in an error or in what is printed of a client", async () => {
  const server = await scripted(problem(402, "credits_insufficient"));
  const client = server.client();
  const error = await client.accounts.grant("alice", { amount: "1", reason: "hush" }).catch((error: unknown) => error);
  const printed = [error, client, client.generations, client.as("other-secret")].map((one) =>
    inspect(one, { depth: 9 }),
  );
  for (const text of [...printed, JSON.stringify(client)]) assert.doesNotMatch(text, /secret|alice|hush/);
});

test("a bad token or address is refused without being repeated", async () => {
  const server = await scripted(json({}));
  const broken = server.client({ token: "hush\n" }).credits.get();
  await assert.rejects(
    async () => broken,
    (error: Error) => error instanceof sdk.CoolyError && !inspect(error).includes("hush"),
  );
  for (const baseUrl of ["https://me:hush@example.com", "hush", "ftp://hush"]) {
    assert.throws(
      () => new sdk.Cooly({ baseUrl }),
      (error: Error) => error instanceof sdk.CoolyError && !inspect(error).includes("hush"),
    );
  }
  await assert.rejects(async () => new sdk.Cooly({ baseUrl: server.baseUrl }).credits.get(), /needs a token/);
  assert.equal(server.received.length, 0);
});

test("a user cannot lead to another path", async () => {
  const server = await scripted(json({}));
  const { accounts } = server.client();
  await accounts.get("a/../b?c#d");
  assert.equal(server.received[0]?.url, "/admin/accounts/a%2F..%2Fb%3Fc%23d");
  for (const user of ["..", ".", ""]) assert.throws(() => accounts.get(user), sdk.CoolyError);
});

test("a key that a header cannot hold is refused", async () => {
  const server = await scripted(json({}));
  const call = server.client().accounts.grant("a", { amount: "1", reason: "r" }, { idempotencyKey: "two words" });
  await assert.rejects(call, /visible ASCII/);
});

test("fields and words of a newer server come through", async () => {
  const server = await scripted(json({ id: "1", status: "dreaming", colour: "blue" }));
  const generation = await server.client().generations.get("1");
  assert.equal(generation.status, "dreaming");
  assert.equal((generation as unknown as { colour: string }).colour, "blue");
});
