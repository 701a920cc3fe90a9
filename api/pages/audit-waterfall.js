// How one sum became another, step by step: bars that begin where the one before ended.

import { el, svg } from './dom.js';
import { amount } from './words.js';

const ROW = 26;
const BAR = 14;
const WIDTH = 300;

/// The picture of steps with a `name` and a `value` in millionths; those that are an `isEnd` stand on zero.
export function waterfall(steps) {
  let level = 0n;
  const bars = steps.map(({ name, value, isEnd }) => {
    const start = isEnd ? 0n : level;
    level = isEnd ? value : level + value;
    return { name, value, isEnd, start, end: level };
  });
  const edges = bars.flatMap(({ start, end }) => [Number(start), Number(end)]);
  const [low, high] = [Math.min(0, ...edges), Math.max(1, ...edges)];
  const at = (value) => ((Number(value) - low) / (high - low)) * WIDTH;
  const shapes = bars.map(({ value, isEnd, start, end }, place) => {
    const [x, to] = [at(start), at(end)].sort((a, b) => a - b);
    const tone = isEnd ? 'end' : value > 0n ? 'in' : 'out';
    return svg('rect', { class: tone, x, y: place * ROW + (ROW - BAR) / 2, width: Math.max(to - x, 1.5), height: BAR, rx: 3 });
  });
  const words = bars.map(({ name }) => el('li', {}, name));
  const told = bars.map(({ name, value }) => `${name} ${amount(value)}`).join(', ');
  return el('figure', { className: 'waterfall' },
    el('ol', { attrs: { 'aria-hidden': 'true' } }, words),
    svg('svg', { viewBox: `0 0 ${WIDTH} ${bars.length * ROW}`, role: 'img', 'aria-label': told, preserveAspectRatio: 'none', height: bars.length * ROW }, shapes));
}
