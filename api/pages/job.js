// The page of one job: reads its story, shows it, and follows it while it goes on.

import { Client } from './client.js';
import { find } from './dom.js';
import { JobActs } from './job-acts.js';
import { JobHead } from './job-head.js';
import { showLines } from './job-lines.js';
import { showAttempts } from './job-attempts.js';
import { showOutputs } from './job-outputs.js';
import { showMoments } from './job-timeline.js';
import { signIn } from './session.js';
import { fetchWith } from './studio-pictures.js';
import { sentence } from './words.js';

const LIVE = 1500;
const STILL = 15_000;
const PATIENCE = 30_000;

// As it stands in the address: whatever it is, it is one part of another address too.
const id = location.pathname.split('/').pop();
const path = `/admin/generations/${id}`;
const client = new Client('admin');
const head = new JobHead();
const acts = new JobActs(client, look);
let etag = null;
let isLive = true;
let turn = 0;
let timer = 0;

start();

async function start() {
  fetchWith(client);
  await signIn(client, read, look);
  // What went wrong while the token was tried is asked again, so that it is said.
  if (etag === null) await look();
  else later();
  addEventListener('visibilitychange', () => !document.hidden && look());
}

/// Reads the job as it is now, shows it, and comes back for more.
async function look() {
  clearTimeout(timer);
  await read().catch(refuse);
  clearTimeout(timer);
  later();
}

function later() {
  timer = setTimeout(() => (document.hidden ? later() : look()), isLive ? LIVE : STILL);
}

/// Of two readings at once the later one counts. What has not changed is not sent, and not shown anew.
async function read() {
  turn += 1;
  const mine = turn;
  const known = etag ? { 'If-None-Match': etag } : {};
  const response = await client.stream(path, known, AbortSignal.timeout(PATIENCE)).catch((problem) => {
    if (problem.status !== 304) throw problem;
    return null;
  });
  const story = response && (await response.json());
  if (mine !== turn) return;
  find('#problem').textContent = '';
  if (!story) return;
  etag = response.headers.get('ETag');
  show(story);
}

function show(story) {
  isLive = !story.finished_at;
  head.show(story);
  acts.show(story);
  showOutputs(story);
  showMoments(story);
  showLines(story);
  showAttempts(story);
  find('#loading').hidden = true;
  find('#missing').hidden = true;
  find('#job').hidden = false;
}

/// A job that cannot be found is a page of its own; what else went wrong is said above what was last seen.
function refuse(problem) {
  if (problem.status === 401) return;
  const isNone = problem.status === 404 || problem.status === 400;
  if (isNone) isLive = false;
  find('#loading').hidden = true;
  find('#missing').hidden = !isNone;
  if (!isNone) {
    find('#problem').textContent = `The job cannot be read. ${sentence(problem.message)}`;
    return;
  }
  find('#job').hidden = true;
  document.title = 'No such job · Cooly';
  find('#missing-words').textContent = problem.status === 404
    ? `Nothing was ever bought under the id ${id}. Check that it was copied whole.`
    : `“${id}” is not the id of a job: an id looks like 01980a5e-7c1d-7000-8000-000000000001.`;
}
