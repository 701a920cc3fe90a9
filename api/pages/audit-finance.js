// What is owed to users by source and age, and what became revenue in the days that are chosen.

import { csv, interval } from './audit-balance.js';
import { save } from './download.js';
import { scrolled } from './audit-rows.js';
import { el, find } from './dom.js';
import { amount, micros, sentence, spaced } from './words.js';

const AGES = ['0-30', '31-90', '91-180', '181-365', '366+', 'unknown'];

export class Finance {
  #client;
  #turn = 0;

  constructor(client) {
    this.#client = client;
    const saves = (id, path, name) => find(id).addEventListener('click', (event) => save(client, `${path}?${csv(path.endsWith('recognised') ? interval() : new URLSearchParams())}`, name, event.currentTarget));
    saves('#outstanding-csv', '/audit/outstanding', 'outstanding.csv');
    saves('#recognised-csv', '/audit/recognised', 'recognised.csv');
  }

  async show() {
    this.#turn += 1;
    const [mine, days] = [this.#turn, interval()];
    find('#finance-problem').textContent = '';
    try {
      const outstanding = await this.#client.get('/audit/outstanding');
      const recognised = await this.#client.get(`/audit/recognised?${days}`);
      if (mine === this.#turn) find('#finance').replaceChildren(aged(outstanding), bySource(recognised));
    } catch (problem) {
      if (mine !== this.#turn) return;
      find('#finance').replaceChildren();
      find('#finance-problem').textContent = sentence(problem.message);
    }
  }
}

const sum = (items, name) => items.reduce((all, item) => all + micros(item[name]), 0n);
const number = (value) => el('td', { className: 'number' }, value === 0n ? '–' : amount(value));

function matrix(caption, head, rows, foot) {
  const cells = (values) => values.map(number);
  return scrolled(caption,
    el('table', { className: 'matrix' },
      el('caption', {}, caption),
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Source'), head.map((words) => el('th', { scope: 'col', className: 'number' }, words)))),
      el('tbody', {}, rows.map(([name, values]) => el('tr', {}, el('th', { scope: 'row' }, spaced(name)), cells(values)))),
      el('tfoot', {}, el('tr', {}, el('th', { scope: 'row' }, 'All'), cells(foot)))));
}

const sources = (items) => [...new Set(items.map(({ source }) => source))].sort();

function aged({ items }) {
  const ages = AGES.filter((age) => age !== 'unknown' || items.some(({ age_days: days }) => days === age));
  const of = (some) => [...ages.map((age) => sum(some.filter(({ age_days: days }) => days === age), 'outstanding')), sum(some, 'outstanding')];
  const rows = sources(items).map((source) => [source, of(items.filter((item) => item.source === source))]);
  return matrix('Outstanding now, by days since it was given', [...ages, 'All'], rows, of(items));
}

function bySource({ items }) {
  const of = (some) => ['burned', 'refunded', 'expired', 'recognised'].map((name) => sum(some, name));
  const rows = sources(items).map((source) => [source, of(items.filter((item) => item.source === source))]);
  return matrix('Recognised in the days chosen above', ['Burned', 'Given back', 'Expired (breakage)', 'Recognised'], rows, of(items));
}
