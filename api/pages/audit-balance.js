// The trial balance of the whole system between two days, as a table and as a picture of how the one end became the other.

import { save } from './download.js';
import { scrolled } from './audit-rows.js';
import { verdict } from './audit-verdict.js';
import { waterfall } from './audit-waterfall.js';
import { button, el, find } from './dom.js';
import { amount, micros, plural, sentence, spaced } from './words.js';

const PATH = '/audit/trial-balance';
const DAY = 86_400_000;

const form = find('#range');

/// What the sums are called, those that move what is owed.
const MOVES = ['adjusted_up', 'refunded', 'debited', 'captured', 'expired', 'voided', 'adjusted_down'];
const NAMES = {
  granted: 'Granted',
  adjusted_up: 'Adjusted up',
  refunded: 'Refunded',
  debited: 'Spent, debited',
  captured: 'Spent, captured of holds',
  expired: 'Expired',
  voided: 'Voided',
  adjusted_down: 'Adjusted down',
};

/// The query for the days that are chosen: the last one whole, as far as it has passed.
export function interval() {
  const { from, through } = form.elements;
  const query = new URLSearchParams();
  if (from.value) query.set('from', from.value);
  const end = through.value && Date.parse(through.value) + DAY;
  if (end && end <= Date.now()) query.set('to', new Date(end).toISOString().slice(0, 10));
  return query;
}

export class Balance {
  #client;
  #turn = 0;

  constructor(client) {
    this.#client = client;
    const today = new Date().toISOString().slice(0, 10);
    form.elements.from.value = `${today.slice(0, 7)}-01`;
    form.elements.through.value = today;
  }

  async show() {
    this.#turn += 1;
    const mine = this.#turn;
    find('#books-problem').textContent = '';
    find('#books-verdict').replaceChildren(verdict('none', 'Adding up …'));
    try {
      const balance = await this.#client.get(`${PATH}?${interval()}`);
      if (mine === this.#turn) this.#draw(balance);
    } catch (problem) {
      if (mine !== this.#turn) return;
      find('#books-verdict').replaceChildren();
      find('#books').replaceChildren();
      find('#books-problem').textContent = sentence(problem.message);
    }
  }

  #draw(balance) {
    const { balanced, difference, events, accounts, from, to } = balance;
    const read = `${plural(events, 'event')} from position ${from.position} up to ${to.position - 1}; ${plural(accounts, 'account')} in the log.`;
    const off = `What the accounts state differs from what the events lead to by ${amount(difference.available)} available and ${amount(difference.held)} held.`;
    const told = balanced ? verdict('good', 'It adds up to the last digit', read) : verdict('bad', 'It does not add up: check the whole log', off, read);
    find('#books-verdict').replaceChildren(told);
    // What is shown is what is saved, whatever the form says by now.
    const shown = csv(new URLSearchParams({ from: from.position, to: to.position }));
    const name = `trial-balance-${from.position}-${to.position}.csv`;
    const press = button('Save as CSV', { className: 'small quiet', on: { click: () => save(this.#client, `${PATH}?${shown}`, name, press) } });
    find('#books').replaceChildren(
      el('div', { className: 'balance' }, scrolled('Trial balance', table(balance)), waterfall(steps(balance))),
      press);
  }
}

/// The same query for a table.
export const csv = (query) => {
  query.set('format', 'csv');
  return query;
};

const isMoved = (balance) => (name) => micros(balance[name]) !== 0n;

function steps(balance) {
  const moves = ['granted', ...MOVES].filter(isMoved(balance)).map((name) => ({ name: NAMES[name], value: micros(balance[name]) }));
  return [{ name: 'Opening', value: micros(balance.opening.outstanding), isEnd: true }, ...moves, { name: 'Closing', value: micros(balance.closing.outstanding), isEnd: true }];
}

function table(balance) {
  const line = (words, value, className = '') => el('tr', { className }, el('th', { scope: 'row' }, words), el('td', { className: 'number' }, value));
  const signed = (value) => `${micros(value) > 0n ? '+' : ''}${amount(value)}`;
  const ends = (words, { outstanding, available, held }) => [
    line(`${words} outstanding`, amount(outstanding), 'end'),
    line('of that available', amount(available), 'part'),
    line('of that held', amount(held), 'part'),
  ];
  const sources = balance.granted_by_source.map(({ source, amount: value }) => line(`of that ${spaced(source)}`, signed(value), 'part'));
  return el('table', { className: 'sums' },
    el('caption', { className: 'visually-hidden' }, 'Trial balance, in credits'),
    el('tbody', {},
      ends('Opening', balance.opening),
      line(NAMES.granted, signed(balance.granted)),
      sources,
      MOVES.map((name) => line(NAMES[name], signed(balance[name]))),
      ends('Closing', balance.closing),
      line('Set aside by holds', amount(balance.set_aside), 'part'),
      line('Given back by holds unspent', amount(balance.given_back), 'part')));
}
