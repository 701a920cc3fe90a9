// A bar chart of credits per day, in parts for each model. The table beside it has the same numbers for who cannot see it.

import { el, svg } from './dom.js';
import { amount, credits } from './words.js';

const WIDTH = 392;
const HEIGHT = 112;
const BASE = 92;
const ROOM = 72;
const WIDEST_GAP = 6;
const COLOURS = 5;

/// A chart of these days (`2025-01-31`). `rows` have `day`, `model`, its `title`, and `spent` and `refunded` in millionths.
export function usageChart(days, rows) {
  const models = ranked(rows);
  const byDay = Map.groupBy(rows, ({ day }) => day);
  const stacks = days.map((day) => stack(byDay.get(day) ?? [], models));
  const tops = stacks.map((parts) => parts.reduce((all, { value }) => all + value, 0n));
  const most = tops.reduce((top, value) => (value > top ? value : top), 1n);
  const step = WIDTH / days.length;
  const gap = Math.min(WIDEST_GAP, step / 4);
  const bars = days.map((day, place) => bar({ day, parts: stacks[place], all: tops[place], most, x: place * step + gap / 2, width: step - gap }));
  const highest = tops.indexOf(most);
  const ends = [
    svg('text', { x: 0, y: HEIGHT - 4 }, short(days[0])),
    svg('text', { x: WIDTH, y: HEIGHT - 4, class: 'bar-end' }, short(days.at(-1))),
    highest >= 0 && svg('text', { x: within((highest + 0.5) * step), y: BASE - ROOM - 6, class: 'bar-top' }, amount(most)),
  ];
  return el('div', {},
    svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'usage-chart', role: 'img', 'aria-label': words(days, tops) }, bars, ends.filter(Boolean)),
    models.length > 0 && el('ul', { className: 'usage-models' }, models.map(({ title, value }, place) => el('li', {},
      el('span', { className: `usage-mark ${colour(place)}`, attrs: { 'aria-hidden': 'true' } }), `${title} `, el('strong', {}, amount(value))))));
}

/// What a row cost: what came back of it is not in it, and more than nothing cannot be drawn.
const net = ({ spent, refunded }) => (spent > refunded ? spent - refunded : 0n);

/// The models by what they cost in all, where they cost anything on some day; those that have no colour of their own are one. What
/// came back on another day is off the sum, though no bar can show it.
function ranked(rows) {
  const known = new Map();
  for (const row of rows) {
    const model = known.get(row.model) ?? { ids: new Set([row.model]), title: row.title, value: 0n, isDrawn: false };
    model.value += row.spent - row.refunded;
    model.isDrawn ||= net(row) > 0n;
    known.set(row.model, model);
  }
  const models = [...known.values()].filter(({ isDrawn }) => isDrawn).sort((a, b) => (a.value < b.value ? 1 : -1));
  if (models.length <= COLOURS) return models;
  const rest = models.splice(COLOURS - 1);
  const ids = new Set(rest.flatMap((model) => [...model.ids]));
  return [...models, { ids, title: 'Other models', value: rest.reduce((all, { value }) => all + value, 0n) }];
}

/// The parts of a day, in the order of the models.
function stack(rows, models) {
  const of = ({ ids }) => rows.filter(({ model }) => ids.has(model)).reduce((all, row) => all + net(row), 0n);
  return models.map((model, place) => ({ title: model.title, value: of(model), place })).filter(({ value }) => value > 0n);
}

function bar({ day, parts, all, most, x, width }) {
  if (!parts.length) return svg('g', { class: 'bar-day none' }, svg('title', {}, `${long(day)}: nothing`), svg('rect', { x, y: BASE - 2, width, height: 2 }));
  let y = BASE;
  const rects = parts.map(({ value, place }) => {
    const height = Math.max(1.5, Number(value * 1000n / most) / 1000 * ROOM);
    y -= height;
    return svg('rect', { x, y, width, height, class: colour(place) });
  });
  const told = parts.map(({ title, value }) => `${title} ${amount(value)}`).join(', ');
  return svg('g', { class: 'bar-day' }, svg('title', {}, `${long(day)}: ${credits(all)}${parts.length > 1 ? ` (${told})` : `, ${parts[0].title}`}`), rects);
}

const colour = (place) => `use-${Math.min(place, COLOURS - 1)}`;

/// Where words in the middle of `x` stay within the drawing.
const within = (x) => Math.min(WIDTH - 24, Math.max(24, x));

function words(days, tops) {
  const used = days.map((day, place) => [day, tops[place]]).filter(([, value]) => value > 0n);
  if (!used.length) return 'Nothing was spent.';
  const [day, most] = used.reduce((top, one) => (one[1] > top[1] ? one : top));
  return `Credits spent on ${used.length} of ${days.length} days, most on ${long(day)}: ${credits(most)}. The table has every figure.`;
}

const date = (day, style) => new Date(`${day}T00:00:00Z`).toLocaleDateString('en', { timeZone: 'UTC', ...style });
const short = (day) => date(day, { day: 'numeric', month: 'short' });
const long = (day) => date(day, { weekday: 'long', day: 'numeric', month: 'long' });
