// What to do about too few credits.

import { el } from './dom.js';
import { credits, micros } from './words.js';

/// Where there are more, as a link or in words.
export function moreCredits(url) {
  if (!url) return 'Ask whoever runs this service for more.';
  return el('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, 'Get more credits');
}

/// What to say of a balance that is low; nothing of another.
export function lowBalance({ is_low: isLow, available, top_up_url: url }) {
  if (!isLow) return [];
  const left = micros(available) === 0n ? 'You have no credits left.' : `You have ${credits(available)} left.`;
  return [left, ' ', moreCredits(url)];
}
