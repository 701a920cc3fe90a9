// The page of customers' webhooks: the endpoints, how each does, and what can be done to it.

import { Client } from './client.js';
import { el, find } from './dom.js';
import { signIn } from './session.js';
import { card } from './webhooks-card.js';
import { makeEndpoint } from './webhooks-make.js';
import { sentence } from './words.js';

const EVERY = 5000;
const PAGE = 50;

const client = new Client('admin');
let shown = PAGE;
let turn = 0;
let timer = 0;
let known = '';

start();

async function start() {
  find('#make').addEventListener('click', () => makeEndpoint(client, look));
  find('#more').addEventListener('click', () => {
    shown += PAGE;
    look();
  });
  await signIn(client, read, look);
  await look();
  addEventListener('visibilitychange', () => !document.hidden && look());
}

/// Reads the endpoints as they are now, shows them, and comes back.
async function look() {
  clearTimeout(timer);
  await read().catch((problem) => {
    if (problem.status !== 401) find('#problem').textContent = `The endpoints cannot be read. ${sentence(problem.message)}`;
  });
  clearTimeout(timer);
  timer = setTimeout(() => (document.hidden ? null : look()), EVERY);
}

/// Of two readings at once the later one counts. What has not changed is not shown anew, so that nothing loses the focus.
async function read() {
  turn += 1;
  const mine = turn;
  let [endpoints, next] = [[], ''];
  do {
    const page = await client.get(`/admin/webhooks?limit=${PAGE}${next}`);
    endpoints = endpoints.concat(page.items);
    next = page.next_cursor && `&cursor=${encodeURIComponent(page.next_cursor)}`;
  } while (next && endpoints.length < shown);
  if (mine !== turn) return;
  find('#problem').textContent = '';
  find('#more').hidden = !next;
  const now = JSON.stringify(endpoints);
  if (now === known) return;
  known = now;
  show(endpoints);
}

function show(endpoints) {
  const place = find('#endpoints');
  // Whoever works with a button of a card finds it again.
  const { endpoint, act } = document.activeElement?.dataset ?? {};
  place.replaceChildren(...endpoints.map((one) => el('li', {}, card(client, one, look))));
  find('#none').hidden = endpoints.length > 0;
  if (act) (find(`[data-endpoint="${endpoint}"][data-act="${act}"]`) ?? place).focus();
}
