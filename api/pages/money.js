// Every sentence about the credits of a generation and every line of the history. They are made here alone, from what the
// ledger says was charged, is held and came back, and never from what was asked for.

import { amount, credits, micros } from './words.js';

const isMetered = ({ cost_is: is }) => is === 'at_most';
const isNothing = (value) => micros(value) === 0n;
/// What late cancels kept, and what is charged for the latest run: what was kept pays for no other.
const keptOf = ({ kept = '0' }) => micros(kept);
const ownOf = (generation) => micros(generation.charged) - keptOf(generation);

/// What a run costs, as it is said before one is bought: `4 credits`, `up to 9 credits`.
export const price = (generation) => (isMetered(generation) ? `up to ${credits(generation.cost)}` : credits(generation.cost));

/// What a generation has cost so far, in a few words for its caption.
export function charge(generation) {
  const { status, cost, charged, on_hold: isHeld } = generation;
  const [own, kept] = [ownOf(generation), keptOf(generation)];
  if (isHeld) return `up to ${credits(own)}, held${kept ? `; ${credits(kept)} kept` : ''}`;
  const back = micros(cost) - own;
  switch (status) {
    case 'failed':
    case 'cancelled':
    case 'discarded':
      if (own > 0n) return `${credits(own)}, refund waits`;
      if (!kept) return 'not charged';
      return kept < micros(cost) ? `${credits(kept)}, the rest came back` : credits(kept);
    case 'succeeded':
      // Of a price that was only held, what was not captured was never spent: nothing came back of it.
      if (isMetered(generation) || back <= 0n) return credits(charged);
      return isNothing(charged) ? `${credits(cost)} came back` : `${credits(charged)}, ${amount(back)} came back`;
    default:
      return credits(charged);
  }
}

/// What became of the credits of a generation that ended without anything made, as a sentence.
export function settlement(generation) {
  const { status, cost, on_hold: isHeld } = generation;
  const [own, kept] = [ownOf(generation), keptOf(generation)];
  if (status === 'dead') {
    if (isHeld) return `Up to ${credits(own)} stay held for it: either support runs it again, or they come back to you.`;
    if (own === 0n) return isNothing(cost) ? '' : `Your ${credits(cost)} came back to you. Support may still run it again at no cost.`;
    return `Your ${credits(own)} stay paid for it: either support runs it again at no cost, or they come back to you.`;
  }
  if (own > 0n) return `Your ${credits(own)} have not come back yet: your balance is full. Support gives them back when there is room.`;
  if (kept) return `${credits(kept)} stay charged, because the provider had begun when you stopped it${kept < micros(cost) ? '; the rest came back to you' : ''}.`;
  if (isNothing(cost)) return '';
  return isMetered(generation) ? 'Nothing was charged: what was held for it came back to you.' : `Your ${credits(cost)} came back to you.`;
}

/// What a cancel would cost now, to be said beside the button; nothing where all would come back.
export function stopping(generation) {
  const { cancel_keeps: keeps = '0', on_hold: isHeld } = generation;
  if (isNothing(keeps)) return '';
  const own = ownOf(generation);
  const [back, all] = [own - micros(keeps), isHeld ? `${credits(own)} held` : credits(own)];
  return back > 0n ? `The provider has begun: ${amount(back)} of ${all} come back.` : `The provider has begun: of ${all} nothing comes back.`;
}

const NAMES = {
  'credits.granted': 'Credits added',
  'credits.debited': 'Generation',
  'credits.refunded': 'Refund',
  'credits.expired': 'Expired',
  'credits.adjusted': 'Correction',
  'credits.held': 'Set aside',
  'credits.captured': 'Charged',
  'credits.released': 'Came back',
  'credits.voided': 'Taken back',
};

const signed = (value) => `${value > 0n ? '+' : ''}${amount(value)}`;

/// One change of the balance for the history: its name, the amount to show, whether credits came (`in`), went (`out`) or are
/// only somewhere else (`still`), and what else there is to say.
export function movement({ type, amount: moved, spent }) {
  const value = micros(moved);
  const name = NAMES[type] ?? type.replaceAll('_', ' ');
  switch (type) {
    case 'credits.held':
      return { name, shown: amount(-value), tone: 'still', detail: 'held, not spent' };
    case 'credits.released':
      return { name, shown: amount(value), tone: 'still', detail: 'held before, not spent' };
    case 'credits.captured': {
      const taken = micros(spent ?? '0');
      const detail = value === 0n ? 'all that was held' : `${amount(value)} of ${amount(taken + value)} held came back`;
      return { name, shown: signed(-taken), tone: 'out', detail };
    }
    default:
      return { name, shown: signed(value), tone: value > 0n ? 'in' : 'out', detail: '' };
  }
}
