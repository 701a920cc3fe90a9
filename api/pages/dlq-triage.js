// What an admin decides about a cause of failures: leave it alone for a while, say that it is mended, take it up again.

import { find } from './dom.js';
import { busy, notice } from './notices.js';
import { sentence } from './words.js';

const HOUR = 3_600_000;
const path = ({ id }) => `/admin/dlq/incidents/${encodeURIComponent(id)}`;

/// `onDone()` hears that something was decided.
export class Triage {
  #client;
  #onDone;

  constructor(client, onDone) {
    this.#client = client;
    this.#onDone = onDone;
    find('#ignore-form').addEventListener('input', showEnd);
    find('#ignore-cancel').addEventListener('click', () => find('#ignore').close('cancel'));
  }

  resolve(incident, pressed) {
    return this.#decide(incident, 'resolve', {}, pressed, 'Resolved. The next job that fails of it brings it back.');
  }

  reopen(incident, pressed) {
    return this.#decide(incident, 'reopen', {}, pressed, 'The incident is open again.');
  }

  /// Asks for how long first.
  async ignore(incident, pressed) {
    const end = await askForEnd(incident);
    if (end) await this.#decide(incident, 'ignore', end, pressed, 'The incident is ignored for now.');
  }

  #decide(incident, what, body, pressed, words) {
    return busy(pressed, async () => {
      try {
        await this.#client.post(`${path(incident)}/${what}`, { ...body, expected_revision: incident.revision });
        notice(words);
      } catch (problem) {
        notice(sentence(problem.message), { bad: true });
      }
      this.#onDone();
    });
  }
}

function showEnd() {
  const { elements } = find('#ignore-form');
  const isCount = elements.end.value === 'count';
  find('#ignore-more-field').hidden = !isCount;
  find('#ignore-hours-field').hidden = isCount;
  elements.more.disabled = !isCount;
  elements.hours.disabled = isCount;
}

/// Resolves to `{ until }` or `{ more }`, with a reason if one is given; to null if it is not wanted.
function askForEnd({ title }) {
  const dialog = find('#ignore');
  const form = find('#ignore-form');
  form.reset();
  showEnd();
  find('#ignore-what').textContent = title;
  dialog.returnValue = 'cancel';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'go' ? endOf(form) : null), { once: true });
  });
}

function endOf({ elements }) {
  const reason = elements.why.value.trim();
  const end = elements.end.value === 'count'
    ? { more: elements.more.valueAsNumber }
    : { until: new Date(Date.now() + Number(elements.hours.value) * HOUR).toISOString() };
  return { ...end, ...(reason && { reason }) };
}
