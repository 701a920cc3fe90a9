// The failed jobs: puts filters, rows, panel and actions together, and keeps them up to date.

import { Client } from './client.js';
import { find } from './dom.js';
import { Actions } from './dlq-actions.js';
import { Attempts } from './dlq-attempt.js';
import { BulkActions } from './dlq-bulk.js';
import { Cleanup } from './dlq-cleanup.js';
import { Detail } from './dlq-detail.js';
import { Filters } from './dlq-filters.js';
import { Incidents } from './dlq-incidents.js';
import { listenToKeys } from './dlq-keys.js';
import { Progress } from './dlq-progress.js';
import { runOf, Table } from './dlq-table.js';
import { Triage } from './dlq-triage.js';
import { offerExport } from './export.js';
import { signIn } from './session.js';
import { ago, amount, credits, micros, plural, sentence, spaced } from './words.js';

const PAGE = 50;
const REFRESH = 5000;
const LIST = '/admin/dlq/messages';

const client = new Client('admin');
const filters = new Filters(() => load({ anew: true }));
const progress = new Progress(client, refresh);
const attempts = new Attempts(client, acted);
const actions = new Actions(client, attempts);
const bulkActions = new BulkActions(client, attempts, () => progress.look());
const cleanup = new Cleanup(client, attempts);
const detail = new Detail(client, { retry, discard });
const table = new Table({ open: (id) => detail.open(id), retry, discard, toggle });
const triage = new Triage(client, () => incidents.look({ anew: true }));
const incidents = new Incidents(client, {
  retry: (incident, pressed) => onIncident('retry', incident, pressed),
  refund: (incident, pressed) => onIncident('discard', incident, pressed),
  ignore: (incident, pressed) => triage.ignore(incident, pressed),
  resolve: (incident, pressed) => triage.resolve(incident, pressed),
  reopen: (incident, pressed) => triage.reopen(incident, pressed),
  jobs: showOnly,
});
const selected = new Set();
/// What was done to here is no failed job any more, however late the list hears of it. A later run is another row.
const settled = new Set();
const counted = { state: null, words: '–' };
let isAllSelected = false;
let jobs = [];
let total = 0;
let isMore = false;
let isCut = false;
let cursor = null;
let pages = 1;
let turn = 0;

start();

async function start() {
  find('#clean-up').addEventListener('click', () => cleanup.open());
  find('#older').addEventListener('click', () => { pages += 1; load(); });
  find('#select-shown').addEventListener('change', (event) => selectShown(event.target.checked));
  find('#select-matching').addEventListener('click', () => { isAllSelected = true; show(); });
  find('#bulk-clear').addEventListener('click', () => selectShown(false));
  find('#bulk-retry').addEventListener('click', (event) => bulk('retry', event.currentTarget));
  find('#bulk-discard').addEventListener('click', (event) => bulk('discard', event.currentTarget));
  offerExport(find('#export'), client, () => ({ path: LIST, query: filters.query, problem: filters.problem }));
  listenToKeys({
    toggle: (id) => toggle(id, !(isAllSelected || selected.has(id))),
    retry: (id) => retry(jobs.find((job) => job.id === id), find(`#rows tr[data-id="${id}"] [data-act="retry"]`)),
  });
  await signIn(client, () => client.get(`${LIST}?limit=1`), load);
  await Promise.all([load({ anew: true }), incidents.look()]);
  progress.look();
  const job = new URLSearchParams(location.search).get('job');
  if (job) detail.open(job);
  find('#news').addEventListener('click', () => load());
  setInterval(() => {
    if (document.hidden) return;
    refresh();
    incidents.look();
  }, REFRESH);
}

/// Reads as many pages as are shown. Of two readings at once the later one counts.
async function load({ anew = false } = {}) {
  turn += 1;
  const mine = turn;
  if (anew) {
    pages = 1;
    selected.clear();
    isAllSelected = false;
  }
  if (filters.problem) return refuse();
  try {
    const list = await read();
    const held = await holdings(list);
    if (mine !== turn) return;
    ({ jobs, total, isMore, cursor, isCut } = list);
    find('#held').textContent = held;
    find('#problem').textContent = '';
    find('#news').hidden = true;
    keepSelection();
    show();
  } catch (problem) {
    if (mine === turn) find('#problem').textContent = `The list cannot be read. ${sentence(problem.message)}`;
  }
}

/// Jobs were acted on: they leave the list at once, though the pointer may rest on it.
function acted(done) {
  done.forEach((job) => settled.add(runOf(job)));
  load();
  incidents.look();
}

/// Rows that somebody points at, has chosen or is deciding on stay where they are; what is new is only counted.
async function refresh() {
  if (!isLookedAt()) return load();
  const mine = turn;
  const page = await client.get(`${LIST}?${pageOf(PAGE)}`).catch(() => null);
  if (!page || mine !== turn) return undefined;
  const first = unsettled(page);
  const known = new Set(jobs.map(runOf));
  const fresh = first.items.filter((job) => !known.has(runOf(job))).length;
  const isChanged = fresh > 0 || first.total !== total;
  find('#news').hidden = !isChanged;
  find('#news').textContent = fresh ? `${fresh === PAGE ? `${PAGE}+` : fresh} new: show` : 'The list has changed: show';
  return undefined;
}

function isLookedAt() {
  const isChosen = isAllSelected || selected.size > 0;
  return isChosen || Boolean(document.querySelector('dialog[open]')) || find('#rows').matches(':hover, :focus-within');
}

/// Nothing is shown, and nothing can be chosen, under a filter that cannot be read.
function refuse() {
  [jobs, total, isMore, cursor, isCut] = [[], 0, false, null, false];
  selected.clear();
  isAllSelected = false;
  show();
  find('#none').hidden = true;
  find('#held').textContent = '–';
  find('#problem').textContent = filters.problem;
}

/// The query of a page of so many, under the filters and in the order that are set.
function pageOf(limit) {
  const { query } = filters;
  query.set('limit', limit);
  return query;
}

async function read() {
  const query = pageOf(PAGE);
  const found = [];
  let last = null;
  for (let page = 0; page < pages; page += 1) {
    if (last?.next_cursor) query.set('cursor', last.next_cursor);
    last = await client.get(`${LIST}?${query}`);
    found.push(...last.items);
    if (!last.next_cursor) break;
  }
  const { items, total: many } = unsettled({ items: found, total: last.total });
  return { jobs: items, total: many, isMore: last.total_is_more, cursor: last.next_cursor, isCut: last.is_cut };
}

/// A list without the jobs that something was done to.
function unsettled({ items, total: many }) {
  const open = items.filter((job) => !settled.has(runOf(job)));
  return { items: open, total: many - (items.length - open.length) };
}

/// The credits that all matching jobs hold, as a bulk action would count them. Counting is work, so it is done again
/// only when the list has changed, and not at all where even the list was searched in part.
async function holdings({ jobs: found, total: many, isCut: isPart, isMore: areMore }) {
  if (isPart || (areMore && filters.any)) return '–';
  const state = JSON.stringify([location.search, many, found[0]?.id, found.at(-1)?.id]);
  if (counted.state !== state) {
    const { plan } = await bulkActions.preview({ action: 'retry', filter: filters.filter });
    Object.assign(counted, { state, words: amount(plan.credits) });
  }
  return counted.words;
}

function show() {
  table.show(jobs, (id) => isAllSelected || selected.has(id));
  filters.suggest(jobs);
  find('#total').textContent = `${isMore ? 'more than ' : ''}${total.toLocaleString('en')}`;
  find('#oldest').textContent = jobs.length ? ago(jobs.map(({ died_at: died }) => died).sort()[0]) : '–';
  find('#commonest').textContent = spaced(commonest() ?? '–');
  const shown = jobs.length ? `${jobs.length.toLocaleString('en')} of ${isMore ? 'more than ' : ''}${plural(total, 'job')}` : '';
  find('#shown').textContent = isCut ? `${shown ? `${shown}. ` : ''}Only a part of the list was searched so far.` : shown;
  find('#older').hidden = !cursor;
  find('#older').textContent = isCut ? 'Search on' : 'Show more';
  find('thead').hidden = jobs.length === 0;
  find('#none').hidden = jobs.length > 0;
  find('#none-title').textContent = filters.any ? `No failed job matches${isCut ? ' so far' : ''}` : 'Nothing has failed';
  find('#none-words').textContent = filters.any ? 'Change or clear the filters to see others.' : 'Every paid job was made, refunded or is still on its way.';
  showSelection();
}

function showSelection() {
  const count = isAllSelected ? total : selected.size;
  const isWhole = jobs.length > 0 && jobs.every(({ id }) => isAllSelected || selected.has(id));
  const box = find('#select-shown');
  box.checked = isWhole;
  box.indeterminate = count > 0 && !isWhole;
  find('#bulk').hidden = count === 0;
  const sum = chosen().reduce((all, { charged }) => all + micros(charged), 0n);
  const held = isAllSelected ? '' : `, ${credits(sum)}`;
  find('#selected').textContent = isAllSelected ? `All ${isMore ? 'of more than ' : ''}${plural(total, 'job')} that match` : `${plural(count, 'job')} selected${held}`;
  find('#select-matching').hidden = isAllSelected || (!isMore && total <= selected.size);
  find('#select-matching').textContent = isMore ? 'Select all that match' : `Select all ${total.toLocaleString('en')} that match`;
}

const chosen = () => jobs.filter(({ id }) => isAllSelected || selected.has(id));

function commonest() {
  const counts = new Map();
  for (const { failure } of jobs) counts.set(failure.code, (counts.get(failure.code) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function keepSelection() {
  const there = new Set(jobs.map(({ id }) => id));
  for (const id of selected) if (!there.has(id)) selected.delete(id);
}

/// Unticking one of all that match leaves those that are shown.
function toggle(id, isOn) {
  if (isAllSelected) jobs.forEach((job) => selected.add(job.id));
  isAllSelected = false;
  if (isOn) selected.add(id);
  else selected.delete(id);
  show();
}

function selectShown(isOn) {
  isAllSelected = false;
  selected.clear();
  if (isOn) jobs.forEach(({ id }) => selected.add(id));
  show();
}

async function bulk(action, pressed) {
  const target = isAllSelected ? { filter: await frozen() } : seen();
  if (await bulkActions.run(action, target, chosen(), pressed)) selectShown(false);
}

/// The selected jobs, each with the run that is shown: one that was run again meanwhile is left alone.
function seen() {
  const shown = chosen();
  return { ids: shown.map(({ id }) => id), runs: shown.map(({ run }) => run) };
}

/// The filter as it is now: a job that fails while the dialog is open was not seen, and is left alone.
async function frozen() {
  const { filter } = filters;
  const newest = filters.order === 'newest' ? jobs : (await client.get(`${LIST}?${new URLSearchParams({ ...filter, limit: 1 })}`)).items;
  return { until: justAfter(newest[0]?.died_at), ...filter };
}

const justAfter = (instant) => new Date(instant ? Date.parse(instant) + 1 : Date.now()).toISOString();

/// The same for an incident: what dies of it from here on is left alone.
async function onIncident(action, { id, last_seen: last }, pressed) {
  const seenOfIt = jobs.filter(({ incident, died_at: died }) => incident === id && Date.parse(died) <= Date.parse(last));
  await bulkActions.run(action, { filter: { incident: id, until: justAfter(last) } }, seenOfIt, pressed);
  incidents.look({ anew: true });
}

function showOnly(incident) {
  filters.only(incident);
  find('#jobs').scrollIntoView({ block: 'start' });
  find('#jobs').focus({ preventScroll: true });
}

function retry(job, pressed) {
  return actions.retry(job, pressed);
}

function discard(job, pressed) {
  return actions.discard(job, pressed);
}
