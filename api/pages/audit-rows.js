// Tables of events.

import { el } from './dom.js';
import { micros, amount } from './words.js';

/// What may be wider than the screen: it is scrolled by itself, by keyboard too.
export function scrolled(label, ...children) {
  return el('div', { className: 'table', tabIndex: 0, attrs: { role: 'region', 'aria-label': label } }, children);
}

/// A table of events; `open(event)` is called with the one that is chosen.
export function eventTable(caption, events, open) {
  const head = ['Position', 'Recorded (UTC)', 'What', 'Change', 'Balance', 'Actor'];
  const numbers = ['Position', 'Change', 'Balance'];
  const cells = head.map((words) => el('th', { scope: 'col', className: numbers.includes(words) ? 'number' : '' }, words));
  return scrolled(caption,
    el('table', { className: 'events' },
      el('caption', { className: 'visually-hidden' }, caption),
      el('thead', {}, el('tr', {}, cells)),
      el('tbody', {}, events.map((event) => row(event, open)))));
}

function row(event, open) {
  const { position, recorded_at: at, type, amount: change, balance_after: after, actor } = event;
  const cell = (label, className, ...children) => el('td', { className, data: { label } }, ...children);
  const shown = el('button', { type: 'button', className: 'link', on: { click: () => open(event) } }, type);
  return el('tr', {},
    cell('Position', 'number', String(position)),
    cell('Recorded', 'when', el('time', { dateTime: at, title: at }, at.slice(0, 19).replace('T', ' '))),
    cell('What', '', shown),
    cell('Change', `number ${tone(change)}`, change === null ? '' : signed(change)),
    cell('Balance', 'number', after === null ? '' : amount(after)),
    cell('Actor', 'actor', actor));
}

const tone = (change) => (change === null || micros(change) === 0n ? '' : micros(change) > 0n ? 'in' : 'out');
const signed = (change) => `${micros(change) > 0n ? '+' : ''}${amount(change)}`;
