// Making a key, and showing it this once. The key is on the page while its dialog is open, and nowhere afterwards.

import { find } from './dom.js';
import { busy, closeOnBackdrop, notice } from './notices.js';
import { sentence } from './words.js';

const DAY = 86_400_000;
const WORDS = {
  user: 'Buys and sees what the owner may, under /v1.',
  backend: 'Acts under /v1 for whichever user each request names in Cooly-User. For a server of your own, never for an app.',
  admin: 'Grants credits and mends failed jobs in your name, under /admin. For other admins and for auditors, use cooly key create.',
};

/// `onMade` is called once there is a new key.
export class NewKey {
  #client;
  #onMade;

  constructor(client, onMade) {
    this.#client = client;
    this.#onMade = onMade;
    const form = find('#new-key-form');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      busy(find('#new-key-go'), () => this.#make(new FormData(form)));
    });
    find('#scope').addEventListener('change', () => this.#explain());
    find('#new-key-cancel').addEventListener('click', () => find('#new-key').close());
    closeOnBackdrop(find('#new-key'));
    this.#prepareSecret();
  }

  /// Opens the form.
  ask() {
    find('#new-key-form').reset();
    find('#new-key-problem').textContent = '';
    this.#explain();
    find('#new-key').showModal();
    find('#name').focus();
  }

  #explain() {
    const scope = find('#scope').value;
    find('#scope-words').textContent = WORDS[scope];
    find('#owner-field').hidden = scope !== 'user';
    find('#owner').disabled = scope !== 'user';
  }

  async #make(fields) {
    const days = fields.get('days');
    const order = { name: fields.get('name').trim(), scope: fields.get('scope') };
    if (order.scope === 'user') order.owner = fields.get('owner').trim();
    // To the minute, so that the same order pressed twice is the same order.
    if (days) order.expires_at = new Date(Math.ceil((Date.now() + days * DAY) / 60_000) * 60_000).toISOString();
    try {
      const made = await this.#client.post('/admin/keys', order, { once: true });
      find('#new-key').close();
      this.#show(made);
      this.#onMade();
    } catch (problem) {
      find('#new-key-problem').textContent = sentence(problem.message);
    }
  }

  #show({ name, hint, secret }) {
    if (!secret) {
      notice(`The key “${name}” (${hint}) is there, but the answer that held it was lost. Revoke it and make another.`, { bad: true });
      return;
    }
    find('#made-words').textContent = `“${name}” is made. This is the only time that the key is shown: put it where it is needed before you close this.`;
    find('#copied').textContent = '';
    find('#secret').value = secret;
    find('#made').showModal();
    find('#copy').focus();
  }

  #prepareSecret() {
    const dialog = find('#made');
    // A key that was never kept is of no use, so it does not go by a slip of the Escape key.
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    dialog.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') event.preventDefault();
    });
    dialog.addEventListener('close', () => {
      find('#secret').value = '';
    });
    find('#secret').addEventListener('focus', () => find('#secret').select());
    find('#copy').addEventListener('click', copy);
  }
}

async function copy() {
  const field = find('#secret');
  try {
    await navigator.clipboard.writeText(field.value);
    find('#copied').textContent = 'Copied.';
  } catch {
    field.focus();
    find('#copied').textContent = 'The browser does not let pages copy. The key is selected: copy it by keyboard.';
  }
}
