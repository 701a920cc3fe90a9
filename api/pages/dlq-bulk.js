// What an admin does to many failed jobs at once, after being told what it comes to: few within the call, more by a worker.

import { askForOrder } from './dlq-order.js';
import { confirm } from './notices.js';
import { credits, micros, named, plural } from './words.js';

const BULK_ACTIONS = '/admin/dlq/bulk-actions';
const VERBS = {
  retry: { title: 'Retry', done: 'sent again' },
  discard: { title: 'Delete', done: 'deleted' },
};
/// So many are done within one call; more go on by themselves.
const FEW = 20;
const LATER = { headers: { Prefer: 'respond-async' } };

/// `onOrder()` hears that an action goes on by itself from now on.
export class BulkActions {
  #client;
  #attempts;
  #onOrder;

  constructor(client, attempts, onOrder) {
    this.#client = client;
    this.#attempts = attempts;
    this.#onOrder = onOrder;
  }

  /// `target` is `{ ids, runs }` or `{ filter }`; `jobs` are those of them that the page knows. Resolves to whether it
  /// was done.
  async run(action, target, jobs, pressed) {
    let preview;
    const isKnown = await this.#attempts.run(pressed, async () => {
      preview = await this.preview({ action, ...target });
    });
    if (!isKnown) return false;
    if (preview.matched === 0) {
      this.#attempts.tell({ words: 'None of these jobs is among the failed ones any more.', done: target.ids ? jobs : [] });
      return true;
    }
    // More may match by the time that it is answered: nothing is done then.
    const seen = target.filter ? { ...target, at_most: preview.matched } : target;
    if (preview.matched > FEW) return this.#order(action, seen, preview, pressed);
    const { title, done } = VERBS[action];
    const many = plural(preview.matched, 'job');
    const isDelete = action === 'discard';
    const total = credits(preview.plan.credits);
    const people = plural(preview.plan.people, 'person', 'people');
    const lines = isDelete
      ? [`${total} go back to ${people}${target.ids ? `: ${shares(jobs)}` : ''}.`, 'Deleted jobs cannot be retried.']
      : [`${total} of ${people} are paid or held for them and stay so. Running them again costs the users nothing.`];
    if (!(await confirm({ title: `${title} ${many}?`, lines, action: `${title} ${many}`, danger: isDelete }))) return false;
    return this.#attempts.run(pressed, () => this.#attempts.all(BULK_ACTIONS, { action, ...seen }, done, jobs));
  }

  /// What an order would come to for the jobs that match now.
  preview(order) {
    return this.#client.post(BULK_ACTIONS, { ...order, dry_run: true }, LATER);
  }

  /// Has a worker go through them: the jobs that match now, and no others.
  async #order(action, target, preview, pressed) {
    const { title } = VERBS[action];
    const order = await askForOrder({ title, isDelete: action === 'discard', ...preview });
    if (!order) return false;
    return this.#attempts.run(pressed, async () => {
      const body = { action, ...target, ...order };
      await this.#client.post(BULK_ACTIONS, body, { once: true, ...LATER });
      this.#onOrder();
      return { words: 'It goes on by itself from here, also when you close this page.', done: [] };
    });
  }
}

/// Who gets how much: `4 credits to demo, 8 credits to alice`.
function shares(jobs) {
  const each = new Map();
  for (const { user, charged } of jobs) each.set(user ?? 'an unknown user', (each.get(user ?? 'an unknown user') ?? 0n) + micros(charged));
  const all = [...each].map(([user, sum]) => `${credits(sum)} to ${named(user)}`);
  return all.length > 5 ? `${all.slice(0, 4).join(', ')} and the rest to ${plural(all.length - 4, 'other user')}` : all.join(', ');
}
