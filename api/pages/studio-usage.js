// What was used: by day and model over a range that is chosen, as a chart or as a table of the same numbers.

import { el, find } from './dom.js';
import { usageChart } from './studio-chart.js';
import { amount, micros, sentence } from './words.js';
import { dayBack, daysBetween, zone } from './zone.js';

const USUAL_DAYS = 30;

/// The usage in the drawer. `title(model)` is the name of a model that people read.
export class Usage {
  #client;
  #title;
  #days = USUAL_DAYS;
  #isTable = false;
  #report = null;
  #turn = 0;

  constructor(client, title) {
    this.#client = client;
    this.#title = title;
    const form = find('#usage-form');
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', ({ target }) => {
      if (target.name === 'view') return this.#look(target.value === 'table');
      if (target.name === 'days') this.#choose(Number(target.value));
      return this.load();
    });
  }

  /// Asks for the range that is chosen, and shows it.
  async load() {
    this.#turn += 1;
    const turn = this.#turn;
    const problem = find('#usage-problem');
    try {
      const { from, to } = this.#range();
      if (!from || !to) return;
      const report = await this.#client.get(`/v1/usage?from=${from}&to=${to}&zone=${encodeURIComponent(zone)}`);
      if (turn !== this.#turn) return;
      problem.textContent = '';
      this.#report = report;
      this.#show();
    } catch (error) {
      if (turn !== this.#turn) return;
      problem.textContent = (error.fields ?? []).map(({ field, message }) => sentence(`${field} ${message}`)).join(' ') || sentence(error.message);
    }
  }

  #range() {
    if (this.#days) return { from: dayBack(this.#days - 1), to: dayBack(0) };
    return { from: find('#usage-from').value, to: find('#usage-to').value };
  }

  /// So many days until today; none for a range of one's own, which begins with the one that was shown.
  #choose(days) {
    if (!days) {
      const { from, to } = this.#range();
      find('#usage-from').value ||= from;
      find('#usage-to').value ||= to;
    }
    this.#days = days;
    find('#usage-dates').hidden = Boolean(days);
  }

  #look(isTable) {
    this.#isTable = isTable;
    if (this.#report) this.#show();
  }

  #show() {
    const rows = this.#report.items.map((item) => ({
      ...item,
      title: this.#title(item.model),
      spent: micros(item.spent),
      refunded: micros(item.refunded),
      kept: micros(item.kept),
    }));
    const all = totals(rows);
    find('#drawer-spent').textContent = amount(all.spent - all.refunded);
    find('#drawer-spent-days').textContent = this.#days ? `Spent in ${this.#days} days` : 'Spent in these days';
    find('#usage-sums').replaceChildren(...sums(all));
    const days = daysBetween(this.#report.from, this.#report.to);
    find('#usage').replaceChildren(this.#isTable ? table(rows, all) : usageChart(days, rows));
    find('#usage-zone').textContent = `Days of ${this.#report.zone}.`;
  }
}

function totals(rows) {
  const sum = (name) => rows.reduce((all, row) => all + row[name], name === 'generations' ? 0 : 0n);
  return { generations: sum('generations'), spent: sum('spent'), refunded: sum('refunded'), kept: sum('kept') };
}

/// What was charged, what came back, and what of the rest late cancels kept.
function sums({ spent, refunded, kept }) {
  const parts = [['Charged', spent], ['Came back', refunded], ['Kept of late cancels', kept]].filter(([name, sum]) => sum || name !== 'Kept of late cancels');
  return parts.flatMap(([name, sum]) => el('div', {}, el('dt', {}, name), el('dd', {}, amount(sum))));
}

const COLUMNS = ['Day', 'Model', 'Made', 'Charged', 'Came back', 'Kept'];

function table(rows, all) {
  if (!rows.length) return el('p', { className: 'hint' }, 'Nothing was used in these days.');
  const cells = ({ generations, spent, refunded, kept }) => [generations.toLocaleString('en'), amount(spent), amount(refunded), amount(kept)];
  const figures = (row) => cells(row).map((figure) => el('td', { className: 'figure' }, figure));
  const head = COLUMNS.map((name, place) => el('th', { className: place > 1 ? 'figure' : '', attrs: { scope: 'col' } }, name));
  const lines = rows.toReversed().map((row) => el('tr', {}, el('th', { attrs: { scope: 'row' } }, row.day), el('td', {}, row.title), figures(row)));
  const foot = el('tr', {}, el('th', { attrs: { scope: 'row' } }, 'All'), el('td', {}), figures(all));
  return el('div', { className: 'usage-scroll', tabIndex: 0, attrs: { role: 'region', 'aria-label': 'Usage by day and model' } },
    el('table', { className: 'usage-table' }, el('thead', {}, el('tr', {}, head)), el('tbody', {}, lines), el('tfoot', {}, foot)));
}
