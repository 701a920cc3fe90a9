// A constant rate of POST /v1/generations, whatever the answers take (an open model: a slow server is not
// spared). The generations are carried out by the same server meanwhile, and after.

import exec from 'k6/execution';
import { waitUntilReady } from './lib/http.js';
import { fund, operate } from './lib/operations.js';
import { duration, rate, seconds, trendStats, users } from './lib/settings.js';
import { summarize } from './lib/summary.js';

const MODEL = 'sim-image';
const total = rate * seconds(duration);

export const options = {
  scenarios: {
    rate: { executor: 'constant-arrival-rate', rate, timeUnit: '1s', duration, preAllocatedVUs: 50, maxVUs: 300 },
  },
  thresholds: {
    errors: ['rate<0.01'],
    accepted: ['p(95)<100'],
    // Requests that k6 could not send in time: the rate would not have been what it says.
    dropped_iterations: [`count<${Math.max(1, total / 100)}`],
  },
  summaryTrendStats: trendStats,
};

export function setup() {
  waitUntilReady();
  fund(Math.ceil(total / users.length) + 100, MODEL);
}

export default function () {
  const number = exec.scenario.iterationInTest;
  const body = { model: MODEL, prompt: `a tin robot, number ${number}`, params: { width: 64, height: 64 } };
  operate('generate', users[number % users.length].sub, { body });
}

export function handleSummary(data) {
  const title = `rate: ${rate} requests a second for ${duration}`;
  return summarize('rate', title, data, [['POST /v1/generations → 202', 'accepted']]);
}
