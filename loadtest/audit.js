// A stranger's audit of the run before it: settles what stayed open, waits until every accepted generation has
// ended, then holds what the API tells about each account against the client's own journal.

import { sleep } from 'k6';
import exec from 'k6/execution';
import { SharedArray } from 'k6/data';
import { Counter } from 'k6/metrics';
import { breaches } from './lib/books.js';
import { call, json, pages, waitUntilReady } from './lib/http.js';
import { read } from './lib/journal.js';
import { settle } from './lib/operations.js';
import { results, tokens, trendStats, users } from './lib/settings.js';
import { thresholds } from './lib/summary.js';

const PATIENCE_SECONDS = Number(__ENV.PATIENCE || 900);

const books = new SharedArray('books', () => {
  const all = read(open(__ENV.COOLY_JOURNAL));
  return users.map(({ sub }) => all[sub] || []);
});

const operations = books.reduce((count, book) => count + book.length, 0);
if (operations === 0) throw new Error('the journal is empty: there is nothing to audit');

const audited = new Counter('audited_accounts');
const found = new Counter('breaches');
const accepted = new Counter('accepted_generations');
const succeeded = new Counter('succeeded_generations');

export const options = {
  scenarios: {
    audit: {
      executor: 'shared-iterations',
      vus: Math.min(4, users.length),
      iterations: users.length,
      maxDuration: '30m',
    },
  },
  setupTimeout: `${PATIENCE_SECONDS + 120}s`,
  thresholds: {
    breaches: ['count<1'],
    // An audit that broke off found nothing, and proves nothing.
    audited_accounts: [`count==${users.length}`],
    errors: ['rate<0.01'],
  },
  summaryTrendStats: trendStats,
};

// Returns `{ key: operation }`: what became of the operations that were open.
export function setup() {
  waitUntilReady();
  const settled = {};
  for (const operation of [].concat(...books).filter(({ outcome }) => outcome === 'open')) {
    settled[operation.key] = settleOpen(operation);
  }
  waitUntilQuiet();
  return settled;
}

// The same key again: whether it happened or not before, it has happened once now, or was refused.
function settleOpen({ key, kind, user, request }) {
  const { status, answer, effect } = settle(kind, user, request, key);
  if (status === 0) throw new Error(`${kind} ${key} of ${user} cannot be settled`);
  return { key, kind, user, request, outcome: answer ? 'done' : 'refused', effect };
}

// No generation waits or runs any more.
function waitUntilQuiet() {
  const until = Date.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const { generations } = json(call('GET', '/admin/overview', { token: tokens.admin }));
    const pending = generations.queued + generations.running;
    if (pending === 0) return;
    if (Date.now() > until) throw new Error(`${pending} generations have not ended after ${PATIENCE_SECONDS} s`);
    sleep(0.5);
  }
}

export default function (settled) {
  const number = exec.scenario.iterationInTest;
  const user = users[number];
  const book = books[number].map((operation) => settled[operation.key] || operation);
  const { told, wrong } = hold(user, book);
  for (const breach of wrong) {
    found.add(1);
    console.error(`breach: ${user.sub}: ${breach}`);
  }
  accepted.add(told.generations.length);
  succeeded.add(told.generations.filter(({ status }) => status === 'succeeded').length);
  audited.add(1);
}

// Read models follow the log: what differs is asked again for a while before it counts.
function hold(user, book) {
  for (let attempt = 1; ; attempt++) {
    const told = ask(user, book.some(({ outcome }) => outcome === 'done'));
    const wrong = breaches(book, told);
    if (wrong.length === 0 || attempt === 5) return { told, wrong };
    sleep(1);
  }
}

// Everything that the API tells about an account, to its user and to an auditor.
function ask({ sub, token }, exists) {
  const auditor = { token: tokens.auditor };
  return {
    generations: [...pages('/v1/generations?limit=100', { token, name: '/v1/generations' })],
    credits: json(call('GET', '/v1/credits', { token })),
    history: [...pages('/v1/credits/history?limit=100', { token, name: '/v1/credits/history' })],
    events: [...pages(`/audit/events?user=${sub}&limit=100`, { ...auditor, name: '/audit/events' })],
    proof: exists ? proof(sub, auditor) : noProof(sub, auditor),
  };
}

const VERIFY = '/audit/accounts/{user}/verify';

const proof = (sub, auditor) => json(call('GET', VERIFY.replace('{user}', sub), { ...auditor, name: VERIFY }));

// An account that nothing ever happened to is not there, and that is right.
function noProof(sub, auditor) {
  const { status } = call('GET', VERIFY.replace('{user}', sub), { ...auditor, name: VERIFY, expect: [404] });
  return { valid: status === 404, breaches: [`${sub} is there, and nothing was done to it`] };
}

export function handleSummary(data) {
  const count = (metric) => (data.metrics[metric] ? data.metrics[metric].values.count : 0);
  const [ok, all, wrong] = [count('succeeded_generations'), count('accepted_generations'), count('breaches')];
  const text = `audit: ${operations} operations of ${count('audited_accounts')} accounts, `
    + `${ok} of ${all} generations succeeded, ${wrong} breaches`;
  return {
    stdout: `\n${text}\n\n${thresholds(data)}`,
    [`${results}/audit.row`]: `${ok} of ${all}|${wrong === 0 ? 'clean' : `${wrong} breaches`}\n`,
  };
}
