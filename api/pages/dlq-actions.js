// What an admin does to one failed job. Whatever gives credits back asks first, with the figures of exactly this job.

import { confirm } from './notices.js';
import { ago, credits, excerpt, micros, named, spaced } from './words.js';

/// Both resolve to whether it was done.
export class Actions {
  #client;
  #attempts;

  constructor(client, attempts) {
    this.#client = client;
    this.#attempts = attempts;
  }

  /// Runs one job again.
  retry(job, pressed) {
    return this.#attempts.run(pressed, async () => {
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
    return this.#attempts.run(pressed, async () => {
      const { refunded } = await this.#client.delete(`${path(job)}?run=${job.run}`);
      const words = micros(refunded) < micros(job.charged)
        ? `The job was deleted. The balance of ${who} is full: ${credits(job.charged)} wait on the job until you refund them.`
        : `The job was deleted. ${credits(refunded)} went back to ${who}.`;
      return { words, done: [job] };
    });
  }
}

const path = ({ id }) => `/admin/dlq/messages/${encodeURIComponent(id)}`;
