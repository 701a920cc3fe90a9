// The lots of an account, in the order in which they burn: one bar of all of them, and a line each.

import { el, svg, time } from './dom.js';
import { amount, credits, micros, plural } from './words.js';

const WIDTH = 400;
const HEIGHT = 14;
const GAP = 2;
const LEAST = 5;
const SHADES = 5;
const SOON_DAYS = 7;
const DAY = 86_400_000;

const SOURCES = {
  plan: 'Plan',
  purchase: 'Purchase',
  promo: 'Promotion',
  goodwill: 'Goodwill',
  adjustment: 'Correction',
};

/// A drawing and a list of lots, as the API gives them: in burn order. `now` is in milliseconds.
export function lotsView(lots, now = Date.now()) {
  const spendable = lots.filter((lot) => !begins(lot, now));
  const later = lots.filter((lot) => begins(lot, now));
  if (!lots.length) return el('p', { className: 'hint' }, 'There are no credits.');
  return el('div', {},
    spendable.length > 1 && bar(spendable),
    el('ol', { className: 'lots' }, spendable.map((lot, place) => line(lot, place, spendable.length > 1, now))),
    later.length > 0 && el('h4', { className: 'lots-later' }, 'Later'),
    later.length > 0 && el('ol', { className: 'lots' }, later.map((lot) => line(lot, null, false, now))));
}

/// What goes within a week, in words; nothing if nothing does.
export function expiringSoon({ expiring_soon: soon, next_expiry: next }, now = Date.now()) {
  if (!soon || micros(soon.amount) === 0n || !next) return '';
  const first = within(Date.parse(next) - now);
  const verb = amount(soon.amount) === '1' ? 'expires' : 'expire';
  const isAll = Date.parse(next) - now > 6 * DAY;
  return isAll ? `${credits(soon.amount)} ${verb} ${first}.` : `${credits(soon.amount)} ${verb} within a week, the first ${first}.`;
}

const begins = (lot, now) => Boolean(lot.effective_at) && Date.parse(lot.effective_at) > now;

function bar(lots) {
  const total = lots.reduce((sum, lot) => sum + micros(lot.remaining), 0n) || 1n;
  const room = WIDTH - GAP * (lots.length - 1) - LEAST * lots.length;
  let x = 0;
  const parts = lots.map((lot, place) => {
    const width = LEAST + room * Number(micros(lot.remaining) * 10_000n / total) / 10_000;
    const part = svg('rect', { x: x.toFixed(1), y: 0, width: Math.max(1, width).toFixed(1), height: HEIGHT, class: shade(place) },
      svg('title', {}, `${credits(lot.remaining)}, ${name(lot)}`));
    x += width + GAP;
    return part;
  });
  const words = lots.map((lot) => `${credits(lot.remaining)} of ${name(lot)}`).join(', then ');
  return svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'lots-bar', preserveAspectRatio: 'none', role: 'img', 'aria-label': `Spent first to last: ${words}` }, parts);
}

const shade = (place) => `lot-${Math.min(place, SHADES - 1)}`;
const name = (lot) => lot.reason || (SOURCES[lot.source] ?? 'Credits');

function line(lot, place, marked, now) {
  const mark = el('span', { className: `lot-mark ${place === null ? 'lot-later' : shade(place)}`, attrs: { 'aria-hidden': 'true' } });
  const facts = [lot.reason && SOURCES[lot.source], ...terms(lot, now)].filter(Boolean);
  const hints = facts.flatMap((fact, at) => (at ? [' · ', fact] : [fact]));
  return el('li', {},
    mark,
    el('div', {},
      el('strong', {}, name(lot)),
      el('p', { className: 'hint' }, hints, marked && place === 0 && [hints.length > 0 && ' · ', 'spent first'])),
    el('div', { className: 'lot-amount' },
      el('strong', {}, amount(lot.remaining)),
      lot.amount && lot.amount !== lot.remaining && el('p', { className: 'hint' }, `of ${amount(lot.amount)}`)));
}

function terms(lot, now) {
  if (begins(lot, now)) return [time(lot.effective_at, `from ${date(lot.effective_at)}`), lot.expires_at && time(lot.expires_at, `until ${date(lot.expires_at)}`)];
  if (!lot.expires_at) return ['no end'];
  const left = Date.parse(lot.expires_at) - now;
  const soon = left < SOON_DAYS * DAY;
  const words = soon ? `expires ${within(left)}` : `until ${date(lot.expires_at)}`;
  const shown = time(lot.expires_at, words);
  if (soon) shown.className = 'soon';
  return [shown];
}

const date = (when) => new Date(when).toLocaleDateString('en', { day: 'numeric', month: 'short', year: 'numeric' });

/// How soon: `within the hour`, `in 5 hours`, `in 3 days`.
function within(left) {
  if (left < DAY / 24) return 'within the hour';
  if (left < DAY) return `in ${plural(Math.floor(left * 24 / DAY), 'hour')}`;
  return `in ${plural(Math.floor(left / DAY), 'day')}`;
}
