// What the parts of the page of a job share: instants, lists that keep their elements, and what can be copied.

import { el, find } from './dom.js';
import { notice } from './notices.js';

/// An instant in the reader's zone; exactly, and in UTC, when pointed at.
export function moment(when) {
  return el('time', { dateTime: when, title: utc(when) }, new Date(when).toLocaleString('en', {
    year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }));
}

/// `2026-11-30 20:41:07.123456 UTC`, with all that was recorded.
export const utc = (when) => `${when.replace('T', ' ').replace(/(Z|\+00:00)$/, '')} UTC`;

/// How long something took, exactly where it was short: `340 ms`, `12.4 s`, `3 min 5 s`, `2 h 10 min`.
export function took(milliseconds) {
  if (milliseconds < 1000) return `${milliseconds}\u00a0ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1).replace(/\.0$/, '')}\u00a0s`;
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (minutes < 60) return pair(minutes, 'min', Math.floor(seconds % 60), 's');
  if (hours < 48) return pair(hours, 'h', minutes % 60, 'min');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const pair = (large, unit, small, smaller) => `${large}\u00a0${unit}${small ? ` ${small}\u00a0${smaller}` : ''}`;

/// Shows a list so that an element stays the same while its item does: no focus is lost, and nothing moves that need not.
export function keyed(place, items, keyOf, draw) {
  const known = new Map([...place.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const [key, seen] = [String(keyOf(item)), JSON.stringify(item)];
    const old = known.get(key);
    if (old?.seen === seen) return old;
    const element = draw(item);
    element.dataset.key = key;
    element.seen = seen;
    return element;
  });
  const stays = new Set(wanted);
  for (const child of [...place.children]) if (!stays.has(child)) child.remove();
  // What is at its place already is not touched: whoever is in it would lose the focus.
  wanted.forEach((element, at) => {
    if (place.children[at] !== element) place.insertBefore(element, place.children[at] ?? null);
  });
}

/// A cell of a table, which on a phone carries the name of its column.
export const cell = (label, className, ...children) => el('td', { className, data: { label } }, ...children);

/// Pairs of a name and what it is, without those that are nothing.
export function facts(pairs) {
  const there = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return there.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)));
}

/// Gives a text to the clipboard and says so; where there is none, shows it to be copied by hand.
export async function copy(text, words) {
  try {
    await navigator.clipboard.writeText(text);
    notice(words);
  } catch {
    shown(text);
  }
}

function shown(text) {
  const field = el('textarea', { readOnly: true, rows: 8, value: text, attrs: { 'aria-label': 'To be copied' } });
  const dialog = el('dialog', { className: 'dialog', attrs: { 'aria-labelledby': 'copy-title' } },
    el('form', { method: 'dialog' },
      el('h2', { id: 'copy-title' }, 'Copy this'),
      field,
      el('div', { className: 'dialog-actions' }, el('button', { className: 'button primary' }, 'Close'))));
  find('body').append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
  field.select();
}
