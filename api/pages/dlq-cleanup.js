// Deleting failed jobs by age: the dialog counts what would go before anything does.

import { find } from './dom.js';
import { credits, plural, sentence } from './words.js';

const CLEANUP = '/admin/dlq/cleanup';
const TYPING = 250;

export class Cleanup {
  #client;
  #attempts;
  #timer = 0;

  constructor(client, attempts) {
    this.#client = client;
    this.#attempts = attempts;
    find('#cleanup-form').addEventListener('input', () => this.#previewSoon());
    find('#cleanup-form').addEventListener('submit', (event) => event.submitter?.value !== 'cancel' && event.preventDefault());
    find('#cleanup-go').addEventListener('click', (event) => this.#run(event.currentTarget));
  }

  open() {
    find('#cleanup').showModal();
    find('#cleanup-count').select();
    this.#preview();
  }

  get #olderThan() {
    return `${find('#cleanup-count').valueAsNumber}${find('#cleanup-unit').value}`;
  }

  #previewSoon() {
    find('#cleanup-go').disabled = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#preview(), TYPING);
  }

  async #preview() {
    const place = find('#cleanup-preview');
    const go = find('#cleanup-go');
    go.disabled = true;
    if (!find('#cleanup-form').checkValidity()) {
      place.textContent = 'Give a number from 1 to 3650.';
      return;
    }
    const asked = this.#olderThan;
    place.textContent = 'Counting…';
    try {
      const preview = await this.#client.post(CLEANUP, { older_than: asked, dry_run: true });
      const { matched } = preview;
      if (asked !== this.#olderThan) return;
      place.textContent = matched ? `${plural(matched, 'job')} would be deleted and ${sumOf(preview)} would go back.` : 'No job is that old.';
      go.textContent = matched ? `Delete ${plural(matched, 'job')}` : 'Delete';
      go.disabled = matched === 0;
    } catch (problem) {
      place.textContent = sentence(problem.message);
    }
  }

  async #run(pressed) {
    const body = { older_than: this.#olderThan };
    if (await this.#attempts.run(pressed, () => this.#attempts.all(CLEANUP, body, 'deleted'))) find('#cleanup').close();
  }
}

/// A preview adds up as many jobs as one call would take.
function sumOf({ credits: sum, remaining }) {
  return remaining ? `more than ${credits(sum)}` : credits(sum);
}
