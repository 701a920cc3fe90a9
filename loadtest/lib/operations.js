// The operations that move credits. Each carries an idempotency key, is written down before and after, and is
// sent again under the same key while its outcome is unknown.

import { sleep } from 'k6';
import { Trend } from 'k6/metrics';
import { call, json } from './http.js';
import * as journal from './journal.js';
import { tokens, users } from './settings.js';

const ATTEMPTS = 5;

// How long the answer to POST /v1/generations took; repeats are not counted.
export const accepted = new Trend('accepted', true);

// kind → how to send it, and what the answer says that it did.
const KINDS = {
  generate: {
    method: 'POST', name: '/v1/generations', status: 202,
    effect: (answer) => ({ generations: [priced(answer)] }),
  },
  batch: {
    method: 'POST', name: '/v1/generations/batch', status: 202,
    effect: (answer) => ({ generations: answer.items.map(priced) }),
  },
  retry: {
    method: 'POST', name: '/v1/generations/{id}/retry', status: 202,
    effect: (answer) => ({ retried: answer.id }),
  },
  grant: {
    method: 'POST', name: '/admin/accounts/{user}/grants', status: 201, admin: true,
    effect: (answer) => ({ amount: answer.amount }),
  },
  adjust: {
    method: 'POST', name: '/admin/accounts/{user}/adjustments', status: 201, admin: true,
    effect: (answer) => ({ amount: answer.amount }),
  },
};

const priced = ({ id, cost }) => ({ id, cost });

export const tokenOf = (sub) => users.find((user) => user.sub === sub).token;

// Sends an operation until its outcome is known: `{ key, status, answer, response, effect }`; `answer` is null if
// it was refused, and `status` 0 if it stayed unknown.
export function operate(kind, user, request) {
  const key = crypto.randomUUID();
  journal.intent(key, user, kind, request);
  return settle(kind, user, request, key);
}

// Sends an operation under a key that may have been used: what was done already is only told again.
export function settle(kind, user, request, key) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const response = send(kind, user, request, key);
    if (kind === 'generate' && attempt === 1) accepted.add(response.timings.duration);
    const { status } = response;
    const answer = json(response);
    if (status === KINDS[kind].status) {
      const effect = KINDS[kind].effect(answer);
      journal.done(key, effect);
      return { key, status, answer, response, effect };
    }
    if (status >= 400 && status < 500) {
      journal.refused(key, status, answer.code);
      return { key, status, answer: null, response };
    }
    journal.unknown(key, status);
    sleep(0.1 * 2 ** attempt);
  }
  return { key, status: 0, answer: null, response: null };
}

// Sends once more what was answered already, as a client does that lost the answer.
export const send = (kind, user, request, key) => {
  const { method, name, status, admin } = KINDS[kind];
  const path = name.replace('{user}', user).replace('{id}', request.id);
  const token = admin ? tokens.admin : tokenOf(user);
  return call(method, path, { token, name, body: request.body, headers: { 'Idempotency-Key': key }, expect: [status] });
};

// Gives every user enough for `generations` pictures of `model`.
export function fund(generations, model) {
  const { items } = json(call('GET', '/v1/models', { token: users[0].token }));
  const price = Number(items.find((item) => item.id === model).price);
  for (const { sub } of users) {
    const body = { amount: String(Math.ceil(generations * price)), reason: 'load test' };
    if (!operate('grant', sub, { body }).answer) throw new Error(`${sub} got no credits`);
  }
}
