// The filters that are set, one chip each, which takes its filter away.

import { el, find, icon } from './dom.js';
import { excerpt, named, plural } from './words.js';

const AGES = {
  'newer-1h': 'in the last hour',
  'newer-1d': 'in the last 24 hours',
  'newer-7d': 'in the last 7 days',
  'older-1d': 'more than a day ago',
  'older-7d': 'more than 7 days ago',
  'older-30d': 'more than 30 days ago',
};
const WORDS = {
  q: (value) => `“${excerpt(value, 40)}”`,
  incident: (value, title) => `Incident: ${title || value.slice(0, 10)}`,
  user: (value) => `User ${named(value)}`,
  user_contains: (value) => `Id contains “${excerpt(value, 40)}”`,
  model: (value) => `Model ${value}`,
  provider: (value) => `Provider ${value}`,
  kind: (value) => (value === 'video' ? 'Clips' : 'Pictures'),
  class: (value) => `Class ${value}`,
  code: (value) => `Code ${value}`,
  min_attempts: (value) => `${plural(Number(value), 'attempt')} or more`,
  min_credits: (value) => `${value} credits or more`,
  age: (value) => `Failed ${AGES[value] ?? value}`,
};

/// Shows a chip for each `[name, value]`; `onRemove(name)` hears which was pressed. `incident` is the title of the one looked at.
export function showChips(filters, incident, onRemove) {
  const chips = filters.map(([name, value]) => el('li', {},
    el('button', { type: 'button', className: 'chip filter', data: { name }, on: { click: () => onRemove(name) } },
      WORDS[name](value, incident), icon('close'), el('span', { className: 'visually-hidden' }, ' (take this filter away)'))));
  find('#chips').replaceChildren(...chips);
  find('#chips').hidden = chips.length === 0;
}
