// Purchases and reads at a constant rate on a long log, first idle, then while the runner rebuilds one read model
// after the other. The second run tells how much slower the API answered than in the first.

import { sleep } from 'k6';
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import { call, json, waitUntilReady } from './lib/http.js';
import { fund, operate } from './lib/operations.js';
import { duration, phase, results, seconds, trendStats, users } from './lib/settings.js';
import { summarize } from './lib/summary.js';

const MODEL = 'sim-image';
const CATCH_UP_SECONDS = 1800;
// Low enough for the worker to keep up: a growing backlog would be measured instead.
const rate = Number(__ENV.RATE || 50);
const total = rate * seconds(duration);
const MOST_TIMES_SLOWER = 2;

const answered = new Trend('answered', true);
const before = phase === 'rebuild' ? JSON.parse(open(`${results}/idle.json`)).metrics.answered.values : null;

export const options = {
  scenarios: {
    rebuild: { executor: 'constant-arrival-rate', rate, timeUnit: '1s', duration, preAllocatedVUs: 50, maxVUs: 300 },
  },
  setupTimeout: `${CATCH_UP_SECONDS + 60}s`,
  thresholds: {
    errors: ['rate<0.01'],
    answered: before ? [`p(99)<${(before['p(99)'] * MOST_TIMES_SLOWER).toFixed(3)}`] : ['p(99)<1000'],
    dropped_iterations: [`count<${Math.max(1, total / 100)}`],
  },
  summaryTrendStats: trendStats,
};

export function setup() {
  waitUntilReady();
  fund(Math.ceil(total / users.length) + 100, MODEL);
  waitUntilShown(users[users.length - 1]);
}

// The read models show the newest grant, so they have applied the whole log.
function waitUntilShown({ token }) {
  const until = Date.now() + CATCH_UP_SECONDS * 1000;
  while (json(call('GET', '/v1/credits/history', { token })).items.length === 0) {
    if (Date.now() > until) throw new Error(`the read models have not caught up after ${CATCH_UP_SECONDS} s`);
    sleep(0.5);
  }
}

export default function () {
  const number = exec.scenario.iterationInTest;
  const { sub, token } = users[number % users.length];
  const body = { model: MODEL, prompt: `a paper boat, number ${number}`, params: { width: 64, height: 64 } };
  const { response } = operate('generate', sub, { body });
  answered.add(response.timings.duration);
  for (const path of ['/v1/credits', '/v1/generations', '/v1/credits/history']) {
    answered.add(call('GET', path, { token }).timings.duration);
  }
}

export function handleSummary(data) {
  const title = `${phase}: ${rate} purchases and ${3 * rate} reads a second for ${duration}`;
  const told = summarize(phase, title, data, [['every answer', 'answered'], ['POST /v1/generations → 202', 'accepted']]);
  if (before) {
    const times = data.metrics.answered.values['p(99)'] / before['p(99)'];
    told.stdout += `\n  p99 of every answer: ${times.toFixed(2)} times that of idle (${before['p(99)'].toFixed(2)} ms)\n`;
  }
  return told;
}
