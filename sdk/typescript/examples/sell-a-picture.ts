// A back end that sells pictures: a customer gets credits, buys, gets the file, and the books are compared in the end.
// Run it against `cooly up`: COOLY_URL=http://127.0.0.1:8080 node sell-a-picture.js

import { createWriteStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { addCredits, Cooly, compareCredits, InsufficientCreditsError, negateCredits } from "@cooly/sdk";

const baseUrl = process.env.COOLY_URL ?? "http://127.0.0.1:8080";

// In production your identity provider issues the tokens. A Cooly for development hands them out.
const tokenOf = (role: "admin" | "user", sub: string) => async () =>
  (await new Cooly({ baseUrl }).operations.issueDevToken({ role, sub })).token;

const cooly = new Cooly({ baseUrl, token: tokenOf("admin", "shop") });

// What the shop itself knows of its orders; a real one has a table.
const charged = new Map<string, string>();

// The key is the shop's own name of the payment, so it is booked once, however often the payment is reported.
async function paid(customer: string, payment: string, amount: string) {
  const order = { amount, reason: `payment ${payment}`, source: "purchase" } as const;
  await cooly.accounts.grant(customer, order, { idempotencyKey: `payment-${payment}` });
}

// Buys on behalf of the customer. A repeat of the same order finds the same picture.
async function sell(customer: string, order: string, prompt: string, folder: string): Promise<string> {
  const { generations } = cooly.as(tokenOf("user", customer));
  const bought = await generations.create({ model: "sim-image", prompt }, { idempotencyKey: `order-${order}` });
  const picture = await generations.wait(bought.id, { waitTimeoutMs: 120_000 });
  if (picture.status !== "succeeded") throw new Error(`${order}: ${picture.failure?.message ?? picture.status}`);
  charged.set(order, picture.charged);
  const file = join(folder, `${order}.png`);
  await pipeline(await generations.getOutput(picture.id, 0), createWriteStream(file));
  return file;
}

// The statement must add up by itself, and agree with what the shop believes that it sold.
async function reconcile(customer: string): Promise<string> {
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const { opening, closing, totals } = await cooly.accounts.statement(customer, { from: yesterday });
  let sum = addCredits(opening.balance, opening.held);
  for await (const entry of cooly.accounts.statement(customer, { from: yesterday, limit: 100 })) {
    sum = addCredits(sum, entry.amount, entry.held_change);
  }
  const sold = addCredits(...charged.values());
  const adds = compareCredits(sum, addCredits(closing.balance, closing.held)) === 0;
  const agrees = compareCredits(negateCredits(totals?.spent ?? "0"), sold) === 0;
  if (!adds || !agrees) throw new Error(`${customer}: the statement says ${totals?.spent}, the orders ${sold}`);
  return `The statement of ${customer} agrees with ${charged.size} orders over ${sold} credits.`;
}

const customer = `customer-${crypto.randomUUID()}`;
const folder = await mkdtemp(join(tmpdir(), "pictures-"));
await paid(customer, `${customer}-1`, "10");
console.log(await sell(customer, `${customer}-1`, "a lighthouse in fog", folder));
console.log(await sell(customer, `${customer}-2`, "a harbour at night", folder));
await sell(customer, `${customer}-3`, "a third one", folder).catch((error) => {
  if (!(error instanceof InsufficientCreditsError)) throw error;
  console.log(`Not sold: ${error.detail}`);
});
console.log(await reconcile(customer));
