// What an admin does to failed jobs. Whatever gives credits back or touches many jobs asks first, with the figures that
// the server worked out for exactly these jobs.

import { find } from './dom.js';
import { askForOrder } from './dlq-order.js';
import { busy, confirm, notice } from './notices.js';
import { ago, credits, excerpt, micros, named, plural, sentence, spaced } from './words.js';

const VERBS = {
  retry: { title: 'Retry', done: 'sent again' },
  discard: { title: 'Delete', done: 'deleted' },
};
const TYPING = 250;
/// So many are done within one call; more go on by themselves.
const FEW = 20;
const LATER = { headers: { Prefer: 'respond-async' } };

/// Actions of one admin; `onDone(jobs)` hears that the list has changed, and to which of its jobs something was done;
/// `onOrder()` that an action goes on by itself from now on.
export class Actions {
  #client;
  #onDone;
  #onOrder;
  #timer = 0;

  constructor(client, onDone, onOrder) {
    this.#client = client;
    this.#onDone = onDone;
    this.#onOrder = onOrder;
    find('#clean-up').addEventListener('click', () => this.#openCleanup());
    find('#cleanup-form').addEventListener('input', () => this.#previewSoon());
    find('#cleanup-form').addEventListener('submit', (event) => event.submitter?.value !== 'cancel' && event.preventDefault());
    find('#cleanup-go').addEventListener('click', (event) => this.#cleanup(event.currentTarget));
  }

  /// Runs one job again. Resolves to whether it was done, as `discard` does.
  retry(job, pressed) {
    return this.#attempt(pressed, async () => {
      await this.#client.post(`${path(job)}/retry?run=${job.run}`);
      return { words: 'The job was sent again.', done: [job] };
    });
  }

  /// Gives one job up, after asking.
  async discard(job, pressed) {
    const who = job.user ? named(job.user) : 'its user';
    const isSure = await confirm({
      title: `Delete “${excerpt(job.prompt, 60)}”?`,
      lines: [`${who} asked for it; it failed ${ago(job.died_at)}${job.run > 1 ? `, in run ${job.run}` : ''} as ${spaced(job.failure.code)}.`,
        `${credits(job.charged)} go back to ${who}. The job cannot be retried afterwards; what happened to it stays in the log.`],
      action: 'Delete and refund',
      danger: true,
    });
    if (!isSure) return false;
    return this.#attempt(pressed, async () => {
      const { refunded } = await this.#client.delete(`${path(job)}?run=${job.run}`);
      const words = micros(refunded) < micros(job.charged)
        ? `The job was deleted. The balance of ${who} is full: ${credits(job.charged)} wait on the job until you refund them.`
        : `The job was deleted. ${credits(refunded)} went back to ${who}.`;
      return { words, done: [job] };
    });
  }

  /// Does the same to many: `target` is `{ ids, runs }` or `{ filter }`; `jobs` are those of them that the page knows.
  async bulk(action, target, jobs, pressed) {
    let preview;
    const isKnown = await this.#attempt(pressed, async () => {
      preview = await this.#client.post('/admin/dlq/bulk-actions', { action, ...target, dry_run: true }, LATER);
    });
    if (!isKnown) return false;
    if (preview.matched === 0) {
      notice('None of these jobs is among the failed ones any more.');
      this.#onDone(target.ids ? jobs : []);
      return true;
    }
    const { title, done } = VERBS[action];
    const many = plural(preview.matched, 'job');
    const isDelete = action === 'discard';
    if (preview.matched > FEW) return this.#order(action, target, preview, pressed);
    const sum = credits(preview.plan.credits);
    const lines = isDelete
      ? [`${sum} go back: ${target.ids ? shares(jobs) : 'to the users who paid them'}.`, 'Deleted jobs cannot be retried.']
      : [`${sum} are paid or held for them and stay so. Running them again costs the users nothing.`];
    if (!(await confirm({ title: `${title} ${many}?`, lines, action: `${title} ${many}`, danger: isDelete }))) return false;
    return this.#attempt(pressed, () => this.#all('/admin/dlq/bulk-actions', { action, ...target }, done, jobs));
  }

  /// Has a worker go through them: the jobs that match now, and no others.
  async #order(action, target, preview, pressed) {
    const { title } = VERBS[action];
    const order = await askForOrder({ title, isDelete: action === 'discard', ...preview });
    if (!order) return false;
    return this.#attempt(pressed, async () => {
      const body = { action, ...target, ...order };
      await this.#client.post('/admin/dlq/bulk-actions', body, { once: true, ...LATER });
      this.#onOrder();
      return { words: 'It goes on by itself from here, also when you close this page.', done: [] };
    });
  }

  /// The server takes so many a call; the rest is asked for until none remains. A later call may be refused what an
  /// earlier one has just done, so only the refusals of the first are told.
  async #all(address, body, word, jobs = []) {
    const call = () => this.#client.post(address, { ...body, dry_run: false });
    return alone(async () => {
      const first = await call();
      let { done: count, remaining } = first;
      let returned = micros(first.credits);
      for (let last = first; last.remaining && last.done; ) {
        find('#status').textContent = `${plural(count, 'job')} ${word}, ${remaining.toLocaleString('en')} to go.`;
        last = await call();
        count += last.done;
        returned += micros(last.credits);
        ({ remaining } = last);
      }
      const codes = Map.groupBy(first.refused, ({ code }) => code);
      const not = [...codes].map(([code, jobs]) => ` ${plural(jobs.length, 'job')} could not be: ${spaced(code)}.`).join('');
      const back = word === 'deleted' && count ? ` ${credits(returned)} went back.` : '';
      const left = remaining ? ` ${plural(remaining, 'job')} were not reached; do it again.` : '';
      const untouched = new Set(first.refused.map(({ id }) => id));
      const done = remaining ? [] : jobs.filter(({ id }) => !untouched.has(id));
      return { words: `${plural(count, 'job')} ${word}.${back}${not}${left}`, done };
    });
  }

  /// Runs `work` with the button busy, says what came of it, and has the list read again.
  async #attempt(pressed, work) {
    return busy(pressed, async () => {
      try {
        const came = await work();
        if (came) {
          notice(came.words);
          this.#onDone(came.done);
        }
        return true;
      } catch (problem) {
        notice(sentence(problem.message), { bad: true });
        if (problem.status === 404 || problem.status === 409) this.#onDone([]);
        return false;
      }
    });
  }

  #openCleanup() {
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
      const preview = await this.#client.post('/admin/dlq/cleanup', { older_than: asked, dry_run: true });
      const { matched } = preview;
      if (asked !== this.#olderThan) return;
      place.textContent = matched ? `${plural(matched, 'job')} would be deleted and ${sumOf(preview)} would go back.` : 'No job is that old.';
      go.textContent = matched ? `Delete ${plural(matched, 'job')}` : 'Delete';
      go.disabled = matched === 0;
    } catch (problem) {
      place.textContent = sentence(problem.message);
    }
  }

  async #cleanup(pressed) {
    const body = { older_than: this.#olderThan };
    if (await this.#attempt(pressed, () => this.#all('/admin/dlq/cleanup', body, 'deleted'))) find('#cleanup').close();
  }
}

/// Runs `work` while nothing else can be done to the jobs.
async function alone(work) {
  const others = [find('#jobs'), find('#bulk'), find('#clean-up')];
  others.forEach((other) => { other.inert = true; });
  try {
    return await work();
  } finally {
    others.forEach((other) => { other.inert = false; });
  }
}

const path = ({ id }) => `/admin/dlq/messages/${encodeURIComponent(id)}`;

/// A preview adds up as many jobs as one call would take.
function sumOf({ credits: sum, remaining }) {
  return remaining ? `more than ${credits(sum)}` : credits(sum);
}

/// Who gets how much: `4 credits to demo, 8 credits to alice`.
function shares(jobs) {
  const each = new Map();
  for (const { user, charged } of jobs) each.set(user ?? 'an unknown user', (each.get(user ?? 'an unknown user') ?? 0n) + micros(charged));
  const all = [...each].map(([user, sum]) => `${credits(sum)} to ${named(user)}`);
  return all.length > 5 ? `${all.slice(0, 4).join(', ')} and the rest to ${plural(all.length - 4, 'other user')}` : all.join(', ');
}
