// Looks for events by user, generation, type, actor and time.

import { eventTable } from './audit-rows.js';
import { el, find } from './dom.js';
import { sentence } from './words.js';

const PAGE = 20;
const TYPES = [
  'credits.granted', 'credits.debited', 'credits.refunded', 'credits.expired', 'credits.adjusted', 'credits.held', 'credits.captured',
  'credits.released', 'credits.voided', 'job.queued', 'job.started', 'job.submitted', 'job.attempt_failed', 'job.succeeded', 'job.failed',
  'job.dead_lettered', 'job.retried', 'job.discarded', 'job.cancelled', 'job.refunded',
];
const INSTANTS = ['since', 'until'];

const form = find('#search');

export class Events {
  #client;
  #panel;
  #shown = [];
  #cursor = null;
  #turn = 0;

  constructor(client, panel) {
    this.#client = client;
    this.#panel = panel;
    find('#types').replaceChildren(...TYPES.map((value) => el('option', { value })));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.show();
    });
    // The fields are empty only after the event.
    form.addEventListener('reset', () => setTimeout(() => this.show()));
    find('#more-events').addEventListener('click', () => this.#read());
  }

  show() {
    this.#shown = [];
    this.#cursor = null;
    return this.#read();
  }

  async #read() {
    this.#turn += 1;
    const mine = this.#turn;
    const query = new URLSearchParams({ ...filter(), limit: PAGE });
    if (this.#cursor) query.set('cursor', this.#cursor);
    try {
      const page = await this.#client.get(`/audit/events?${query}`);
      if (mine !== this.#turn) return;
      this.#shown.push(...page.items);
      this.#cursor = page.next_cursor;
      find('#events-problem').textContent = '';
    } catch (problem) {
      if (mine !== this.#turn) return;
      this.#shown = [];
      this.#cursor = null;
      find('#events-problem').textContent = sentence(problem.message);
    }
    this.#draw();
  }

  #draw() {
    const none = el('p', { className: 'hint' }, find('#events-problem').textContent ? '' : 'No event matches.');
    find('#events').replaceChildren(this.#shown.length ? eventTable('Events, oldest first', this.#shown, (event) => this.#panel.open(event)) : none);
    find('#more-events').hidden = !this.#cursor;
  }
}

/// What is asked for, as the API takes it.
function filter() {
  const set = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  return Object.fromEntries(set.map(([name, value]) => [name, INSTANTS.includes(name) ? `${value.padEnd(19, ':00')}Z` : value]));
}
