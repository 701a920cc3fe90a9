// Every sentence about the credits of a generation and every line of the history. They are made here alone, from what the
// ledger says was charged, is held and came back, and never from what was asked for.

import { amount, credits, micros } from './words.js';

const isMetered = ({ cost_is: is }) => is === 'at_most';
const isNothing = (value) => micros(value) === 0n;
const minus = (a, b) => micros(a) - micros(b);

/// What a run costs, as it is said before one is bought: `4 credits`, `up to 9 credits`.
export const price = (generation) => (isMetered(generation) ? `up to ${credits(generation.cost)}` : credits(generation.cost));

/// What a generation has cost so far, in a few words for its caption.
export function charge(generation) {
  const { status, cost, charged, on_hold: isHeld } = generation;
  if (isHeld) return `up to ${credits(charged)}, held`;
  const back = minus(cost, charged);
  switch (status) {
    case 'failed':
    case 'cancelled':
    case 'discarded':
      return isNothing(charged) ? 'not charged' : `${credits(charged)}, refund waits`;
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
  const { status, cost, charged, on_hold: isHeld } = generation;
  if (status === 'dead') {
    if (isHeld) return `Up to ${credits(charged)} stay held for it: either support runs it again, or they come back to you.`;
    if (isNothing(charged)) return isNothing(cost) ? '' : `Your ${credits(cost)} came back to you. Support may still run it again at no cost.`;
    return `Your ${credits(charged)} stay paid for it: either support runs it again at no cost, or they come back to you.`;
  }
  if (!isNothing(charged)) return `Your ${credits(charged)} have not come back yet: your balance is full. Support gives them back when there is room.`;
  if (isNothing(cost)) return '';
  return isMetered(generation) ? 'Nothing was charged: what was held for it came back to you.' : `Your ${credits(cost)} came back to you.`;
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
