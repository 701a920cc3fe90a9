// What the tests do behind the page's back: users, grants, and looking things up.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const SETTLED_WITHIN = 90_000;
const ENDS = ['succeeded', 'failed', 'dead', 'cancelled', 'discarded'];

/// The API of one server.
export class Api {
  #url;
  #admin = null;

  constructor(url) {
    this.#url = url;
  }

  /// A token for a role, and for a user of that name.
  async token(role, sub) {
    const { token } = await this.#call('POST', '/dev/token', { body: { role, ...(sub && { sub }) } });
    return token;
  }

  /// A user that no other test knows, with so many credits.
  async user(credits, name = 'tester') {
    const sub = `${name}-${randomUUID().slice(0, 8)}`;
    const token = await this.token('user', sub);
    if (credits > 0) await this.admin('POST', `/admin/accounts/${sub}/grants`, { amount: String(credits), reason: 'test' });
    return { sub, token };
  }

  async admin(method, path, body) {
    this.#admin ??= await this.token('admin');
    return this.#call(method, path, { body, token: this.#admin });
  }

  /// Credits under terms of their own.
  grant({ sub }, terms) {
    return this.admin('POST', `/admin/accounts/${sub}/grants`, terms);
  }

  hold({ sub }, terms) {
    return this.admin('POST', `/admin/accounts/${sub}/holds`, terms);
  }

  credits({ token }) {
    return this.#call('GET', '/v1/credits', { token });
  }

  async balance(user) {
    return Number((await this.credits(user)).available);
  }

  models({ token }) {
    return this.#call('GET', '/v1/models', { token });
  }

  history({ token }) {
    return this.#call('GET', '/v1/credits/history?limit=100', { token });
  }

  generations({ token }) {
    return this.#call('GET', '/v1/generations?limit=100', { token });
  }

  generation({ token }, id) {
    return this.#call('GET', `/v1/generations/${id}`, { token });
  }

  /// What the user reads at an address.
  get({ token }, path) {
    return this.#call('GET', path, { token });
  }

  /// As the user itself.
  post({ token }, path, body) {
    return this.#call('POST', path, { body, token });
  }

  /// Buys a generation and waits for its end.
  async generate(user, model, prompt = 'a test') {
    const body = { model, prompt };
    const { id } = await this.#call('POST', '/v1/generations', { body, token: user.token });
    return this.settled(user, id);
  }

  /// The generation once it has ended.
  async settled(user, id, statuses = ENDS) {
    return until(async () => {
      const generation = await this.generation(user, id);
      return statuses.includes(generation.status) && generation;
    }, `generation ${id} to be ${statuses.join(' or ')}`);
  }

  /// A job that has failed for good, as the list of failed jobs shows it.
  async dead(user, prompt) {
    const { id, status } = await this.generate(user, 'sim-image-down', prompt);
    assert.equal(status, 'dead');
    return this.listed(user, id);
  }

  listed(user, id) {
    return until(async () => {
      const { items } = await this.admin('GET', `/admin/dlq/messages?user=${user.sub}&limit=100`);
      return items.find((item) => item.id === id);
    }, `job ${id} to be listed`);
  }

  /// Whether an event is under a seal by now.
  async sealed(token, position) {
    const headers = { Authorization: `Bearer ${token}` };
    return (await fetch(`${this.#url}/audit/events/${position}/proof`, { headers })).ok;
  }

  async #call(method, path, { body, token } = {}) {
    const headers = { Accept: 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
    if (body) headers['Content-Type'] = 'application/json';
    const response = await fetch(this.#url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }
}

/// What `probe` finds, as soon as it finds something.
export async function until(probe, what, within = SETTLED_WITHIN) {
  const end = Date.now() + within;
  while (Date.now() < end) {
    const found = await probe();
    if (found) return found;
    await sleep(50);
  }
  throw new Error(`waited in vain for ${what}`);
}
