// The client's side of an account, worked out from its journal and from how its generations ended; and every way
// in which what the server tells can differ from it.

import { micros, shown, sum } from './credits.js';

// What becomes of the credits of a generation that ended like this.
const CHARGED = { succeeded: true, dead: true, failed: false, cancelled: false, discarded: false };

// What the operations that were answered 2xx add up to.
export function expected(operations) {
  const done = operations.filter(({ outcome }) => outcome === 'done');
  const costs = new Map();
  const debits = new Map();
  for (const { id, cost } of done.flatMap(({ effect }) => effect.generations || [])) {
    if (costs.has(id)) throw new Error(`two answers gave the generation ${id}`);
    costs.set(id, micros(cost));
    debits.set(id, 1);
  }
  for (const { effect } of done) {
    if (effect.retried) debits.set(effect.retried, debits.get(effect.retried) + 1);
  }
  const of = (wanted) => done.filter(({ kind }) => kind === wanted).map(({ effect }) => micros(effect.amount));
  return { costs, debits, grants: of('grant'), adjustments: of('adjust') };
}

// `told` is { generations, credits, history, events, proof }, read through the API. Returns sentences.
export function breaches(operations, told) {
  const own = expected(operations);
  return [
    ...generationBreaches(own, told.generations),
    ...balanceBreaches(own, told),
    ...eventBreaches(own, told),
    ...(told.proof.valid ? [] : [`the auditor's proof fails: ${JSON.stringify(told.proof.breaches)}`]),
  ];
}

// Every accepted generation is there once, has ended, and costs what was said; there is no other.
function generationBreaches(own, generations) {
  const found = [];
  const seen = new Set();
  for (const { id, cost, status } of generations) {
    if (seen.has(id)) found.push(`${id} is listed twice`);
    seen.add(id);
    if (!own.costs.has(id)) found.push(`${id} is listed and nobody asked for it`);
    else if (own.costs.get(id) !== micros(cost)) found.push(`${id} costs ${cost}, not what was said at first`);
    if (!(status in CHARGED)) found.push(`${id} is still ${status}`);
  }
  for (const id of own.costs.keys()) if (!seen.has(id)) found.push(`${id} was accepted and is not listed`);
  return found;
}

// Granted and adjusted, less what the generations kept, is what is there; and the history adds up to it.
function balanceBreaches(own, { generations, credits, history }) {
  const found = [];
  // Late cancels keep what the terms of the model say, beside what the latest run costs.
  const kept = sum(generations.map((generation) => micros(generation.kept ?? '0')));
  const charged = kept + sum(generations.filter(({ status }) => CHARGED[status]).map(({ id }) => own.costs.get(id) ?? 0));
  const balance = sum(own.grants) + sum(own.adjustments) - charged;
  const check = (what, value) => {
    if (value !== balance) found.push(`${what} ${shown(value)}, and ${shown(balance)} is expected`);
  };
  check('the balance is', micros(credits.available));
  check('the history adds up to', sum(history.map(({ amount }) => micros(amount))));
  if (history.length > 0) check("the history's newest balance is", micros(history[0].balance_after));
  if (micros(credits.held) !== 0) found.push(`${credits.held} credits are held for nothing`);
  return found;
}

// Each operation is in the log once: grants, adjustments, and for each generation as many debits as it was paid
// for and as many refunds as its end calls for. Versions have no gaps.
function eventBreaches(own, { generations, events }) {
  const found = [];
  const count = new Map();
  const versions = new Map();
  const ids = new Set();
  for (const { event_id, type, job_id, stream_id, version } of events) {
    if (ids.has(event_id)) found.push(`the event ${event_id} is told twice`);
    ids.add(event_id);
    const of = type.startsWith('job.') || job_id ? `${type} ${job_id}` : type;
    count.set(of, (count.get(of) || 0) + 1);
    const next = (versions.get(stream_id) || 0) + 1;
    if (version !== next) found.push(`the stream ${stream_id} has version ${version} where ${next} belongs`);
    versions.set(stream_id, version);
  }
  const check = (of, wanted) => {
    const logged = count.get(of) || 0;
    if (logged !== wanted) found.push(`${of} is in the log ${logged} times, not ${wanted}`);
    count.delete(of);
  };
  check('credits.granted', own.grants.length);
  check('credits.adjusted', own.adjustments.length);
  for (const { id, status } of generations) {
    const debits = own.debits.get(id) || 0;
    check(`job.queued ${id}`, 1);
    check(`credits.debited ${id}`, debits);
    check(`credits.refunded ${id}`, CHARGED[status] ? debits - 1 : debits);
  }
  for (const of of count.keys()) {
    if (of.startsWith('credits.')) found.push(`${of} is in the log and nobody asked for it`);
  }
  return found;
}
