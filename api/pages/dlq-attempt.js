// How anything is done to failed jobs: with the button busy, what came of it said, and the list told.

import { find } from './dom.js';
import { busy, notice } from './notices.js';
import { credits, micros, plural, sentence, spaced } from './words.js';

/// `onDone(jobs)` hears that the list has changed, and to which of its jobs something was done.
export class Attempts {
  #client;
  #onDone;

  constructor(client, onDone) {
    this.#client = client;
    this.#onDone = onDone;
  }

  /// Runs `work`, which gives `{ words, done }`, or nothing if there is nothing to tell. Resolves to whether it went well.
  async run(pressed, work) {
    return busy(pressed, async () => {
      try {
        const came = await work();
        if (came) this.tell(came);
        return true;
      } catch (problem) {
        notice(sentence(problem.message), { bad: true });
        if (problem.status === 404 || problem.status === 409) this.#onDone([]);
        return false;
      }
    });
  }

  tell({ words, done }) {
    notice(words);
    this.#onDone(done);
  }

  /// The server takes so many a call; the rest is asked for until none remains. A later call may be refused what an
  /// earlier one has just done, so only the refusals of the first are told. Nothing else can be done meanwhile.
  async all(address, body, word, jobs = []) {
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
      const untouched = new Set(first.refused.map(({ id }) => id));
      const done = remaining ? [] : jobs.filter(({ id }) => !untouched.has(id));
      return { words: summary({ count, word, returned, remaining, refused: first.refused }), done };
    });
  }
}

function summary({ count, word, returned, remaining, refused }) {
  const codes = Map.groupBy(refused, ({ code }) => code);
  const not = [...codes].map(([code, jobs]) => ` ${plural(jobs.length, 'job')} could not be: ${spaced(code)}.`).join('');
  const back = word === 'deleted' && count ? ` ${credits(returned)} went back.` : '';
  const left = remaining ? ` ${plural(remaining, 'job')} were not reached; do it again.` : '';
  return `${plural(count, 'job')} ${word}.${back}${not}${left}`;
}

async function alone(work) {
  const others = [find('#jobs'), find('#bulk'), find('#clean-up'), find('#incidents')];
  others.forEach((other) => { other.inert = true; });
  try {
    return await work();
  } finally {
    others.forEach((other) => { other.inert = false; });
  }
}
