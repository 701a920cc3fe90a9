// A small bar chart of credits per day, with the same numbers in words for who cannot see it.

import { el, svg } from './dom.js';
import { amount, credits } from './words.js';

const WIDTH = 392;
const HEIGHT = 96;
const BASE = 76;
const GAP = 6;

/// A chart of a map from day (`2025-01-31`) to millionths of credits.
export function usageChart(spent) {
  const days = [...spent];
  const most = days.reduce((top, [, value]) => (value > top ? value : top), 1n);
  const step = WIDTH / days.length;
  const bars = days.map(([day, value], place) => {
    const share = Number((value > 0n ? value : 0n) * 1000n / most) / 1000;
    const height = value > 0n ? Math.max(4, share * (BASE - 18)) : 2;
    const x = place * step + GAP / 2;
    return svg('g', { class: value > 0n ? 'bar-day' : 'bar-day none' },
      svg('title', {}, `${long(day)}: ${credits(value)}`),
      svg('rect', { x, y: BASE - height, width: step - GAP, height, rx: 3 }),
      value > 0n && value === most && svg('text', { x: x + (step - GAP) / 2, y: BASE - height - 6, class: 'bar-top' }, amount(value)));
  });
  const ends = [
    svg('text', { x: GAP / 2, y: HEIGHT - 4 }, short(days[0][0])),
    svg('text', { x: WIDTH - GAP / 2, y: HEIGHT - 4, class: 'bar-end' }, 'Today'),
  ];
  const used = days.filter(([, value]) => value > 0n).map(([day, value]) => `${short(day)}: ${credits(value)}`);
  const words = used.length ? used.join(', ') : 'Nothing was spent.';
  return el('div', {},
    svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'usage-chart', role: 'img', 'aria-label': words }, bars, ends));
}

const date = (day, style) => new Date(`${day}T00:00:00Z`).toLocaleDateString('en', { timeZone: 'UTC', ...style });
const short = (day) => date(day, { day: 'numeric', month: 'short' });
const long = (day) => date(day, { weekday: 'long', day: 'numeric', month: 'long' });
