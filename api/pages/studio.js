// The studio: puts form, cards, credits and the event stream together.

import { Client } from './client.js';
import { button, find } from './dom.js';
import { notice } from './notices.js';
import { signIn } from './session.js';
import { ACTIVE, explain, statusWord } from './studio-card.js';
import { Composer } from './studio-composer.js';
import { Credits } from './studio-credits.js';
import { Gallery } from './studio-gallery.js';
import { History } from './studio-history.js';
import { Lightbox } from './studio-lightbox.js';
import { again, download, fetchWith } from './studio-pictures.js';
import { follow } from './studio-stream.js';
import { excerpt, plural, sentence } from './words.js';

const POLL = 4000;
const BALANCE_POLL = 30_000;
const SAMPLES = [
  'A lighthouse in fog, seen from the sea, early morning',
  'Paper cut-out of a fox asleep under autumn leaves',
  'An orange teapot on a blue table, soft window light',
];

const client = new Client('user');
fetchWith(client);
const gallery = new Gallery({ open, cancel, retry, reuse, save, title: (id) => composer.title(id) });
const history = new History(client, gallery);
const composer = new Composer(client, created);
const credits = new Credits(client, {
  promptOf: (id) => gallery.get(id)?.prompt,
  title: (id) => composer.title(id),
  onBalance: (available) => { composer.available = available; },
  onTopUp: (url) => { composer.topUp = url; },
});
const lightbox = new Lightbox(() => gallery.pictures());
const acting = new Set();
let isLive = false;

start();

async function start() {
  const samples = SAMPLES.map((prompt) => button(prompt, { className: 'quiet', on: { click: () => composer.fill({ prompt }) } }));
  find('#samples').replaceChildren(...samples);
  await signIn(client, () => credits.load(), refresh);
  await Promise.all([offer(), refresh()]);
  composer.resume();
  follow(client, '/v1/events', { onEvent: heard, onLive: live });
  setInterval(() => !isLive && !document.hidden && refresh(), POLL);
  setInterval(() => !document.hidden && credits.refresh(), BALANCE_POLL);
  document.addEventListener('visibilitychange', () => !document.hidden && credits.refresh());
}

async function offer() {
  try {
    const { items: models } = await client.get('/v1/models');
    composer.offer(models);
    history.offer(models);
  } catch (problem) {
    notice(`The models cannot be listed. ${sentence(problem.message)}`, { bad: true });
  }
}

/// Asks again for what happened while no stream was open.
async function refresh() {
  credits.refresh();
  await history.refresh();
}

function live(open) {
  isLive = open;
  find('#live').classList.toggle('on', open);
  find('#live-words').textContent = open ? 'Live' : 'Reconnecting…';
  if (!open) return;
  refresh();
  again();
}

function heard(type, generation, id) {
  if (type !== 'generation') return;
  const before = history.heard(generation, Number(id) || 0);
  if (before === undefined || before === generation.status) return;
  credits.refresh();
  if (!ACTIVE.has(generation.status)) announce(generation);
}

function announce(generation) {
  const { prompt, status } = generation;
  const why = status === 'succeeded' ? '' : ` ${explain(generation)}`;
  find('#status').textContent = `“${excerpt(prompt, 60)}”: ${statusWord(status)}.${why}`;
}

/// The stream may have told of them already, and knows more by now than the answer does.
function created(generations, balance, position) {
  for (const generation of generations) history.made(generation, Number(position) || 0);
  gallery.focus(generations.at(-1).id);
  credits.show(balance);
  const what = generations.length > 1 ? plural(generations.length, 'generation') : `“${excerpt(generations[0].prompt, 60)}”`;
  find('#status').textContent = `Accepted: ${what}.`;
}

/// A click on a card that changes the generation; a second click waits for the first.
async function act(id, verb, query = '') {
  if (acting.has(id)) return;
  acting.add(id);
  const moment = gallery.now();
  try {
    const options = { once: true, withPosition: true };
    const { data, position } = await client.post(`/v1/generations/${encodeURIComponent(id)}/${verb}${query}`, undefined, options);
    const { balance, came_back: _, ...generation } = data;
    gallery.put(generation, moment, Number(position) || 0);
    if (balance !== undefined) credits.show(balance);
  } catch (problem) {
    notice(sentence(problem.message), { bad: true });
    refresh();
  } finally {
    acting.delete(id);
  }
}

/// Never for more than its card says that it costs.
function cancel(id) {
  return act(id, 'cancel', `?max_kept=${encodeURIComponent(gallery.get(id)?.cancel_keeps ?? '0')}`);
}

function retry(id) {
  return act(id, 'retry');
}

function reuse(id) {
  composer.fill(gallery.get(id));
}

function open(id, place) {
  lightbox.open(id, gallery.get(id).outputs[place].index);
}

async function save(id) {
  const { outputs, prompt } = gallery.get(id);
  try {
    for (const output of outputs) await download(output, prompt);
  } catch (problem) {
    notice(`It cannot be downloaded. ${sentence(problem.message)}`, { bad: true });
  }
}
