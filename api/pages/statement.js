// Shows the statement of a month: the page that the API makes, within a bar to choose, save and print.

import { Client } from './client.js';
import { el, find } from './dom.js';
import { busy } from './notices.js';
import { signIn } from './session.js';
import { sentence } from './words.js';

const MONTHS = 13;

const asked = new URLSearchParams(location.search);
// An admin looks at the account of somebody else.
const user = asked.get('user');
const client = new Client(user ? 'admin' : 'user');
const path = user ? `/admin/accounts/${encodeURIComponent(user)}/statement` : '/v1/credits/statement';
const month = find('#month');
const problem = find('#problem');
let turn = 0;

start();

async function start() {
  month.replaceChildren(...months().map(([value, words]) => el('option', { value }, words)));
  const wanted = asked.get('month');
  if ([...month.options].some(({ value }) => value === wanted)) month.value = wanted;
  month.addEventListener('change', show);
  find('#print').addEventListener('click', () => print());
  find('#table').addEventListener('click', (event) => busy(event.currentTarget, save));
  find('#tools').addEventListener('submit', (event) => event.preventDefault());
  await signIn(client, () => client.get(`${path}?limit=1`), show);
  await show();
}

/// The newest months, as the API and as people write them.
function months() {
  const today = new Date();
  return Array.from({ length: MONTHS }, (_, back) => {
    const first = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - back, 1));
    return [first.toISOString().slice(0, 7), first.toLocaleDateString('en', { timeZone: 'UTC', month: 'long', year: 'numeric' })];
  });
}

function address(format) {
  const [year, number] = month.value.split('-').map(Number);
  const until = new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10);
  return `${path}?from=${month.value}-01&until=${until}&format=${format}`;
}

async function show() {
  turn += 1;
  const mine = turn;
  problem.textContent = '';
  const words = await text('html');
  if (mine !== turn || words === null) return;
  // Parsed, and not run: what users wrote is escaped in it. Its own style is for when it stands alone.
  const page = new DOMParser().parseFromString(words.replace(/<style>[^<]*<\/style>/, ''), 'text/html');
  const statement = el('article', { className: 'statement' }, ...page.querySelector('main').childNodes);
  find('#statement').replaceChildren(statement);
  document.title = `${page.title} · Cooly`;
  asked.set('month', month.value);
  history.replaceState(null, '', `?${asked}`);
}

async function save() {
  const words = await text('csv');
  if (words === null) return;
  const url = URL.createObjectURL(new Blob([words], { type: 'text/csv;charset=utf-8' }));
  el('a', { href: url, download: `statement-${month.value}.csv` }).click();
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
