// Twenty users who generate at once, each in a closed loop: look at the balance, create, follow the generation
// to its end, fetch the picture, find it in the list, look at the balance again.

import { check, sleep } from 'k6';
import exec from 'k6/execution';
import { Rate, Trend } from 'k6/metrics';
import { micros } from './lib/credits.js';
import { call, json, waitUntilReady } from './lib/http.js';
import { fund, operate, send } from './lib/operations.js';
import { duration, seconds, trendStats, users } from './lib/settings.js';
import { summarize } from './lib/summary.js';

const MODEL = 'sim-image';
// Far more than one user gets through, so that nobody runs out.
const GENERATIONS_PER_SECOND = 20;
const PATIENCE_SECONDS = 60;
const FINAL = ['succeeded', 'failed', 'dead', 'cancelled', 'discarded'];

const succeeded = new Rate('succeeded');
const finished = new Trend('finished', true);
const listed = new Trend('listed', true);
const balance = new Trend('balance', true);

export const options = {
  scenarios: {
    generate: {
      executor: 'constant-vus',
      vus: users.length,
      duration,
      gracefulStop: `${PATIENCE_SECONDS + 30}s`,
    },
  },
  thresholds: {
    errors: ['rate<0.01'],
    accepted: ['p(95)<100'],
    succeeded: ['rate>0.99'],
    checks: ['rate>0.99'],
  },
  summaryTrendStats: trendStats,
};

export function setup() {
  waitUntilReady();
  fund(seconds(duration) * GENERATIONS_PER_SECOND, MODEL);
}

export default function () {
  const user = users[(exec.vu.idInTest - 1) % users.length];
  let good = false;
  try {
    good = session(user);
  } finally {
    succeeded.add(good);
  }
}

function session(user) {
  const before = available(user);
  const number = exec.vu.iterationInScenario;
  const body = { model: MODEL, prompt: `a lighthouse in fog, sheet ${number}`, params: { width: 128, height: 128 } };
  const started = Date.now();
  const { key, answer, response } = operate('generate', user.sub, { body });
  if (!answer) return false;
  if (number % 10 === 0) repeat(user, body, key, answer.id);
  const generation = follow(user, answer.id);
  finished.add(Date.now() - started);
  return check(generation, {
    'it succeeded': ({ status }) => status === 'succeeded',
    'its picture can be fetched': ({ outputs }) => picture(user, outputs[0]),
    'the list has it': ({ id }) => newest(user, response.headers['Ledger-Position']).includes(id),
    'it cost what was said, once': ({ cost }) =>
      micros(answer.balance) === before - micros(cost) && available(user) === before - micros(cost),
  });
}

// The answer got lost, says the client: the same key must tell of the same generation.
function repeat(user, body, key, id) {
  const again = send('generate', user.sub, { body }, key);
  check(again, {
    'a repeat is the same generation': () => json(again).id === id,
    'a repeat says so': () => again.headers['Idempotent-Replayed'] === 'true',
  });
}

// Asks until the generation has ended, by turns waiting at the server and polling.
function follow(user, id) {
  const until = Date.now() + PATIENCE_SECONDS * 1000;
  for (let turn = 0; ; turn++) {
    const headers = turn % 2 === 0 ? { Prefer: 'wait=5' } : {};
    const options = { token: user.token, name: '/v1/generations/{id}', headers };
    const generation = json(call('GET', `/v1/generations/${id}`, options));
    if (FINAL.includes(generation.status) || Date.now() > until) return generation;
    sleep(0.1);
  }
}

function picture(user, output) {
  const answer = call('GET', output.url, { token: user.token, name: '/v1/generations/{id}/outputs/{n}' });
  return answer.headers['Content-Type'] === 'image/png' && answer.body.length > 0;
}

function newest(user, position) {
  const headers = { 'Ledger-Position': position };
  const answer = call('GET', '/v1/generations?limit=20', { token: user.token, headers });
  listed.add(answer.timings.duration);
  return json(answer).items.map(({ id }) => id);
}

function available(user) {
  const answer = call('GET', '/v1/credits', { token: user.token });
  balance.add(answer.timings.duration);
  return micros(json(answer).available);
}

export function handleSummary(data) {
  const title = `generate: ${users.length} users at once for ${duration}`;
  return summarize('generate', title, data, [
    ['POST /v1/generations → 202', 'accepted'],
    ['from the request to the picture', 'finished'],
    ['GET /v1/generations', 'listed'],
    ['GET /v1/credits', 'balance'],
  ]);
}
