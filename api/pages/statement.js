// Shows the statement of a month or of any days: the page that the API makes, within a bar to choose, save and print.

import { Client } from './client.js';
import { el, find } from './dom.js';
import { busy } from './notices.js';
import { signIn } from './session.js';
import { sentence } from './words.js';
import { dayAfter, zone } from './zone.js';

const MONTHS = 13;
const ANY = 'days';

const asked = new URLSearchParams(location.search);
// An admin looks at the account of somebody else.
const user = asked.get('user');
const client = new Client(user ? 'admin' : 'user');
const path = user ? `/admin/accounts/${encodeURIComponent(user)}/statement` : '/v1/credits/statement';
const month = find('#month');
const [from, to] = [find('#from'), find('#to')];
const problem = find('#problem');
let turn = 0;
let shown = null;

start();

async function start() {
  month.replaceChildren(...months().map(([value, words]) => el('option', { value }, words)), el('option', { value: ANY }, 'Other days'));
  fromAddress();
  month.addEventListener('change', choose);
  for (const day of [from, to]) day.addEventListener('change', show);
  find('#print').addEventListener('click', () => print());
  find('#table').addEventListener('click', (event) => busy(event.currentTarget, save));
  find('#tools').addEventListener('submit', (event) => event.preventDefault());
  await signIn(client, () => client.get(`${path}?limit=1`), show);
  await show();
}

/// The newest months of the viewer, as the address and as people write them.
function months() {
  const today = new Date();
  return Array.from({ length: MONTHS }, (_, back) => {
    const first = new Date(today.getFullYear(), today.getMonth() - back, 1);
    return [`${first.getFullYear()}-${String(first.getMonth() + 1).padStart(2, '0')}`, first.toLocaleDateString('en', { month: 'long', year: 'numeric' })];
  });
}

/// Takes over what the address asks for. A period that it does not have right is said and not replaced by another.
function fromAddress() {
  const wanted = asked.get('month');
  if (asked.has('from') || asked.has('to')) {
    month.value = ANY;
    [from.value, to.value] = [asked.get('from') ?? '', asked.get('to') ?? ''];
  } else if (wanted && [...month.options].some(({ value }) => value === wanted)) {
    month.value = wanted;
  } else if (wanted) {
    month.value = ANY;
  }
  showDays();
}

/// Other days begin as those of the month that was shown.
function choose() {
  if (month.value === ANY && shown) [from.value, to.value] = shown;
  showDays();
  return show();
}

function showDays() {
  for (const place of [find('#first'), find('#last')]) place.hidden = month.value !== ANY;
}

/// The first and the last day.
function days() {
  if (month.value === ANY) return [from.value, to.value];
  const [year, number] = month.value.split('-').map(Number);
  return [`${month.value}-01`, `${month.value}-${new Date(Date.UTC(year, number, 0)).getUTCDate()}`];
}

function address(format) {
  const [first, last] = days();
  return `${path}?from=${first}&until=${dayAfter(last)}&zone=${encodeURIComponent(zone)}&format=${format}`;
}

async function show() {
  turn += 1;
  const mine = turn;
  problem.textContent = '';
  if (!days().every(Boolean)) {
    problem.textContent = 'Choose a first and a last day.';
    return;
  }
  const words = await text('html');
  if (mine !== turn || words === null) return;
  // Parsed, and not run: what users wrote is escaped in it. Its own style is for when it stands alone.
  const page = new DOMParser().parseFromString(words.replace(/<style>[^<]*<\/style>/, ''), 'text/html');
  const statement = el('article', { className: 'statement' }, ...page.querySelector('main').childNodes);
  find('#statement').replaceChildren(statement);
  document.title = `${page.title} · Cooly`;
  shown = days();
  for (const name of ['month', 'from', 'to']) asked.delete(name);
  if (month.value === ANY) ['from', 'to'].forEach((name, place) => asked.set(name, shown[place]));
  else asked.set('month', month.value);
  history.replaceState(null, '', `?${asked}`);
}

async function save() {
  const words = await text('csv');
  if (words === null) return;
  const url = URL.createObjectURL(new Blob([words], { type: 'text/csv;charset=utf-8' }));
  el('a', { href: url, download: `statement-${month.value === ANY ? days().join('-') : month.value}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function text(format) {
  try {
    return await (await client.blob(address(format))).text();
  } catch (error) {
    problem.textContent = sentence(error.message);
    return null;
  }
}
