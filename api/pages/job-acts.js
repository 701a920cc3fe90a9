// What an admin can do about a job, always about the run that is shown.

import { button, find } from './dom.js';
import { purchase } from './job-curl.js';
import { copy } from './job-parts.js';
import { busy, confirm, notice } from './notices.js';
import { amount, credits, excerpt, micros, named, sentence } from './words.js';

/// The buttons at the top. `onDone` hears that something was done.
export class JobActs {
  #client;
  #onDone;
  #story = null;
  #shown = '';

  constructor(client, onDone) {
    this.#client = client;
    this.#onDone = onDone;
    find('#refund-cancel').addEventListener('click', () => find('#refund').close());
  }

  show(story) {
    this.#story = story;
    const names = available(story);
    if (this.#shown === names.join()) return;
    this.#shown = names.join();
    find('#acts').replaceChildren(...names.map((name) => this.#button(name)));
  }

  #button(name) {
    const { words, look, act } = {
      retry: { words: 'Retry', look: { icon: 'again', className: 'primary' }, act: () => this.#retry() },
      discard: { words: 'Delete and refund', look: { icon: 'trash', className: 'danger' }, act: () => this.#discard() },
      refund: { words: 'Refund…', look: { icon: 'coin', className: 'danger' }, act: () => this.#refund() },
      curl: { words: 'Copy as curl', look: { icon: 'copy', className: 'quiet' }, act: () => this.#curl() },
    }[name];
    const made = button(words, { ...look, data: { act: name }, on: { click: () => busy(made, act) } });
    return made;
  }

  #curl() {
    return copy(purchase(this.#story, location.origin), 'The purchase was copied as a command. Set TOKEN to a token of the user first.');
  }

  #retry() {
    const { id, run } = this.#story;
    return this.#attempt(async () => {
      await this.#client.post(`/admin/dlq/messages/${id}/retry?run=${run}`);
      return 'The job was sent again. It costs its user nothing.';
    });
  }

  async #discard() {
    const { id, run, prompt, user, money } = this.#story;
    const who = user ? named(user) : 'its user';
    // What cancels of earlier runs kept stays.
    const back = micros(money.charged) - micros(money.kept);
    const isSure = await confirm({
      title: `Delete “${excerpt(prompt, 60)}”?`,
      lines: [`${credits(back)} go back to ${who}. The job cannot be retried afterwards; this page stays.`],
      action: 'Delete and refund',
      danger: true,
    });
    if (!isSure) return undefined;
    return this.#attempt(async () => {
      const { refunded } = await this.#client.delete(`/admin/dlq/messages/${id}?run=${run}`);
      if (micros(refunded) < back) return `The job was deleted. The balance of ${who} is full, so the refund waits.`;
      return `The job was deleted. ${credits(refunded)} went back to ${who}.`;
    });
  }

  async #refund() {
    const { id, user, money } = this.#story;
    const [dialog, form] = [find('#refund'), find('#refund-form')];
    form.reset();
    find('#refund-words').textContent = `${credits(money.charged)} are charged for this job. What you give back goes to ${named(user)}; what was made stays.`;
    find('#refund-amount').value = money.charged;
    dialog.returnValue = '';
    dialog.showModal();
    find('#refund-amount').select();
    await new Promise((resolve) => { dialog.addEventListener('close', resolve, { once: true }); });
    if (dialog.returnValue !== 'go') return undefined;
    const body = { job_id: id, amount: find('#refund-amount').value.trim(), reason: find('#refund-reason').value.trim() };
    return this.#attempt(async () => {
      const made = await this.#client.post(`/admin/accounts/${encodeURIComponent(user)}/refunds`, body, { once: true });
      return `${credits(made.amount)} went back to ${named(user)}; ${amount(made.charged)} stay charged.`;
    });
  }

  async #attempt(work) {
    try {
      notice(await work());
    } catch (problem) {
      notice(sentence(problem.message), { bad: true });
    }
    await this.#onDone();
  }
}

/// What can be done to it now. A price that is only held cannot be refunded: it comes back when the job ends.
function available({ status, user, money }) {
  const isCharged = micros(money.charged) > 0n && micros(money.on_hold) === 0n;
  const ended = status === 'dead' ? ['retry', 'discard'] : [];
  const refund = user && isCharged && ['succeeded', 'failed', 'cancelled', 'discarded'].includes(status) ? ['refund'] : [];
  return [...ended, ...refund, 'curl'];
}
