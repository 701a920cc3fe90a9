// One answer, green or red, with what it rests on; and the places where something does not hold.

import { el, icon } from './dom.js';
import { plural, sentence } from './words.js';

/// The answer. `state` is `good`, `bad` or `none`, where nothing has been looked at yet.
export function verdict(state, title, ...lines) {
  const shown = { good: 'check', bad: 'alert' }[state];
  const words = el('div', {}, el('strong', {}, title), lines.map((line) => el('p', {}, line)));
  return el('div', { className: `verdict ${state}` }, shown && icon(shown), words);
}

/// The breaches, each with its place. `all` is how many there are, where not all are told.
export function breaches(found, all = found.length) {
  if (!found.length) return null;
  const rows = found.map((breach) => el('li', {},
    el('p', {}, el('span', { className: 'chip bad' }, breach.invariant), ' ', sentence(breach.detail)),
    el('p', { className: 'hint' }, place(breach))));
  const more = all > found.length && el('p', { className: 'hint' }, `${plural(all - found.length, 'more breach', 'more breaches')} not shown; \`cooly verify\` lists them all.`);
  return el('div', {}, el('h3', {}, plural(all, 'breach', 'breaches')), el('ul', { className: 'breaches' }, rows), more);
}

const PLACES = [
  ['position', 'position'],
  ['block', 'seal'],
  ['account', 'account'],
  ['stream', 'stream'],
  ['stream_id', 'stream'],
  ['version', 'version'],
];

/// Where it is, as far as that can be told.
function place(breach) {
  const told = PLACES.filter(([name]) => breach[name] !== null && breach[name] !== undefined);
  return told.map(([name, word]) => `${word} ${breach[name]}`).join(' · ') || 'no single place';
}
