// One account: whether it is sound, and everything that happened to its credits, with the running balance.

import { save } from './download.js';
import { eventTable } from './audit-rows.js';
import { breaches, verdict } from './audit-verdict.js';
import { button, el, find } from './dom.js';
import { busy } from './notices.js';
import { named, plural, sentence } from './words.js';

const PAGE = 50;
const CREDITS = ['granted', 'debited', 'refunded', 'expired', 'adjusted', 'held', 'captured', 'released', 'voided'].map((name) => `credits.${name}`);

const form = find('#account-form');

export class Account {
  #client;
  #panel;
  #turn = 0;
  #events = [];
  #cursor = null;

  constructor(client, panel) {
    this.#client = client;
    this.#panel = panel;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.look(form.elements.user.value.trim());
    });
  }

  /// The account that the address names, if it does.
  start() {
    const user = new URLSearchParams(location.search).get('account');
    if (user) this.look(user);
  }

  async look(user) {
    if (!user) return;
    this.#turn += 1;
    const mine = this.#turn;
    form.elements.user.value = user;
    history.replaceState(null, '', `?${new URLSearchParams({ account: user })}`);
    const fill = (id, ...children) => find(id).replaceChildren(...children.filter(Boolean));
    fill('#account-verdict', verdict('none', 'Checking …'));
    fill('#account-breaches');
    fill('#account-story');
    find('#account-problem').textContent = '';
    try {
      const proof = await this.#client.get(`/audit/accounts/${encodeURIComponent(user)}/verify`, { timeout: 0 });
      if (mine !== this.#turn) return;
      fill('#account-verdict', told(user, proof));
      fill('#account-breaches', breaches(proof.breaches));
      this.#events = [];
      this.#cursor = null;
      await this.#more(user, mine);
    } catch (problem) {
      if (mine !== this.#turn) return;
      fill('#account-verdict');
      find('#account-problem').textContent = sentence(problem.message);
    }
  }

  async #later(user, mine) {
    find('#account-problem').textContent = '';
    await this.#more(user, mine).catch((problem) => {
      if (mine === this.#turn) find('#account-problem').textContent = sentence(problem.message);
    });
  }

  async #more(user, mine) {
    const query = new URLSearchParams({ user, type: CREDITS.join(','), limit: PAGE });
    if (this.#cursor) query.set('cursor', this.#cursor);
    const page = await this.#client.get(`/audit/events?${query}`);
    if (mine !== this.#turn) return;
    this.#events.push(...page.items);
    this.#cursor = page.next_cursor;
    const more = this.#cursor && button('Show more', { className: 'quiet', on: { click: () => busy(more, () => this.#later(user, mine)) } });
    const kept = ['ndjson', 'csv', 'parquet'].map((format) => {
      const path = `/audit/export?${new URLSearchParams({ user, format })}`;
      const press = button(format.toUpperCase(), { className: 'small quiet', on: { click: () => save(this.#client, path, `cooly-account.${format}`, press) } });
      return press;
    });
    const table = eventTable('What happened to the credits of the account, oldest first', this.#events, (event) => this.#panel.open(event));
    find('#account-story').replaceChildren(...[table, more, el('div', { className: 'acts exports' }, el('span', { className: 'hint' }, 'Export the account'), kept)].filter(Boolean));
  }
}

function told(user, { valid, events, streams, head, sealed }) {
  const title = valid ? `What is there of ${named(user)} is what was written` : `The account of ${named(user)} is not what was written`;
  const limit = valid && 'An end that was cut off shows only when the whole log is checked.';
  const read = `Checked ${new Date().toLocaleString()}: ${plural(events, 'event')} in ${plural(streams, 'stream')}.`;
  const seals = sealed.seal === null ? 'No seal covers it yet.' : `${plural(sealed.matching, 'event')} as sealed, up to seal ${sealed.seal}; ${plural(sealed.unsealed, 'event')} not sealed yet.`;
  return verdict(valid ? 'good' : 'bad', title, ...[read, seals, limit, `Head: ${head}`].filter(Boolean));
}
