// The list of keys, newest first: one card each, with what there is to know of it and the button that revokes it.

import { button, el, find, time } from './dom.js';
import { busy } from './notices.js';
import { ago, named, sentence } from './words.js';

const PAGE = 50;
const SCOPES = { user: 'as a user', admin: 'as an admin', auditor: 'as an auditor' };
const CHIPS = { active: 'good', expired: 'warn', revoked: 'bad' };

/// `onRevoke` is called with a key, and returns it as it is afterwards, or null.
export class KeyList {
  #client;
  #onRevoke;
  #next = null;
  #turn = 0;

  constructor(client, onRevoke) {
    this.#client = client;
    this.#onRevoke = onRevoke;
    find('#narrow').addEventListener('submit', (event) => {
      event.preventDefault();
      this.show();
    });
    find('#narrow').addEventListener('change', () => this.show());
    find('#more').addEventListener('click', () => busy(find('#more'), () => this.#read(this.#next)));
  }

  /// Reads the first page under the present filter.
  show() {
    return this.#read(null);
  }

  async #read(cursor) {
    this.#turn += 1;
    const mine = this.#turn;
    try {
      const page = await this.#client.get(`/admin/keys?${query(cursor)}`);
      if (mine === this.#turn) this.#tell(page, cursor);
    } catch (problem) {
      if (mine === this.#turn) find('#keys-problem').textContent = `The keys cannot be read. ${sentence(problem.message)}`;
    }
  }

  #tell({ items, next_cursor: next }, cursor) {
    const cards = items.map((key) => this.#card(key));
    if (cursor) find('#key-list').append(...cards);
    else find('#key-list').replaceChildren(...cards);
    if (cursor) cards[0]?.focus();
    this.#next = next;
    find('#more').hidden = !next;
    find('#keys-none').hidden = find('#key-list').children.length > 0;
    find('#keys-problem').textContent = '';
  }

  #card(key) {
    const card = el('li', { className: `key ${key.state}`, tabIndex: -1 });
    card.append(head(key), facts(key));
    if (key.state !== 'revoked') card.append(this.#revokeButton(key, card));
    return card;
  }

  #revokeButton(key, card) {
    const label = el('span', { className: 'visually-hidden' }, ` ${key.name}`);
    const press = button('Revoke', { className: 'small danger', on: { click: () => busy(press, () => this.#revoke(key, card)) } });
    press.append(label);
    return el('div', { className: 'key-acts' }, press);
  }

  async #revoke(key, card) {
    const after = await this.#onRevoke(key);
    if (!after) return;
    const fresh = this.#card(after);
    card.replaceWith(fresh);
    fresh.focus();
  }
}

function query(cursor) {
  const asked = new URLSearchParams({ limit: PAGE });
  for (const [name, value] of new FormData(find('#narrow'))) if (value.trim()) asked.set(name, value.trim());
  if (cursor) asked.set('cursor', cursor);
  return asked;
}

function head({ name, state, hint, environment }) {
  return el('div', { className: 'key-head' },
    el('strong', {}, named(name)),
    el('span', { className: `chip ${CHIPS[state]}` }, state),
    el('span', { className: 'chip' }, environment),
    el('code', {}, hint));
}

function facts(key) {
  const line = (term, ...words) => [el('dt', {}, term), el('dd', {}, ...words)];
  const at = (when) => time(when, ago(when));
  return el('dl', { className: 'key-facts' },
    line('Acts', whom(key)),
    line('Last used', key.last_used_at ? at(key.last_used_at) : 'never'),
    line('Expires', key.expires_at ? time(key.expires_at, new Date(key.expires_at).toLocaleDateString()) : 'never'),
    line('Made', at(key.created_at), ` by ${named(key.created_by)}`),
    key.revoked_at ? line('Revoked', at(key.revoked_at), ` by ${named(key.revoked_by)}`, key.revoke_reason && `: ${named(key.revoke_reason)}`) : [],
    line('Id', el('code', {}, key.id)));
}

/// As whom a key acts.
export function whom({ scope, owner }) {
  return scope === 'backend' ? 'for any user' : `as ${named(owner)}, ${SCOPES[scope]}`;
}
