// The whole log: checked when somebody asks for it, with how far it is, and what was found, when.

import { save } from './download.js';
import { breaches, verdict } from './audit-verdict.js';
import { find } from './dom.js';
import { busy } from './notices.js';
import { plural, sentence } from './words.js';

const CHECK = '/audit/verify';
const BROKEN = 'The log is not what was written';

export class WholeLog {
  #client;

  constructor(client) {
    this.#client = client;
  }

  start() {
    find('#whole-verdict').replaceChildren(verdict('none', 'Not checked on this page yet', 'A check reads every event; on a long log it takes minutes and can be watched.'));
    find('#check-log').addEventListener('click', (event) => busy(event.currentTarget, () => this.#check()));
    find('#export-log').addEventListener('click', (event) => save(this.#client, '/audit/export?format=ndjson', 'cooly-log.ndjson', event.currentTarget));
  }

  async #check() {
    const bar = find('#whole-progress');
    find('#whole-problem').textContent = '';
    find('#whole-breaches').replaceChildren();
    find('#whole-verdict').replaceChildren(verdict('none', 'Checking …'));
    bar.hidden = false;
    bar.removeAttribute('value');
    let isBroken = false;
    try {
      const response = await this.#client.stream(CHECK, { Accept: 'application/x-ndjson' });
      this.#show(await outcome(response, ({ progress, found }) => {
        if (progress) bar.value = progress.total ? progress.done / progress.total : 0;
        if (!found) return;
        isBroken = true;
        find('#whole-verdict').replaceChildren(verdict('bad', BROKEN, 'The seals are being checked …'));
        find('#whole-breaches').replaceChildren(...[breaches(found.breaches, found.breaches_in_all)].filter(Boolean));
      }));
    } catch (problem) {
      const off = isBroken ? verdict('bad', BROKEN, 'The check broke off before the seals were read.') : verdict('none', 'Not checked', 'The check broke off, which says nothing about the log.');
      find('#whole-verdict').replaceChildren(off);
      find('#whole-problem').textContent = sentence(problem.message);
    } finally {
      bar.hidden = true;
    }
  }

  #show(result) {
    const { valid, seals, breaches: found, breaches_in_all: all } = result;
    const when = `Checked ${new Date(result.begun_at).toLocaleString()}: ${plural(result.events, 'event')}.`;
    const early = result.stopped_early && 'So much is wrong that the rest was not read.';
    const sealed = seals.seals && !early
      ? `${plural(seals.seals, 'seal')} over ${plural(seals.events, 'event')}, signed by ${seals.keys.join(', ')}: compare the keys with those that you know. ${plural(seals.unsealed, 'event')} newer than the newest seal.`
      : !early && 'The log has no seals: its owner could have written it anew, or removed them.';
    const kept = seals.newest && `Keep this elsewhere, it pins everything up to it: ${seals.newest}`;
    // What agrees with itself and is sealed by nobody proves little.
    const [look, title] = !valid ? ['bad', BROKEN] : seals.seals ? ['good', 'The log is sound'] : ['none', 'The log agrees with itself, and is not sealed'];
    find('#whole-verdict').replaceChildren(verdict(look, title, ...[when, early, sealed, kept].filter(Boolean)));
    find('#whole-breaches').replaceChildren(...[breaches(found, all)].filter(Boolean));
  }
}

/// Reads line by line. Without a line with the result it broke off.
async function outcome(response, hear) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let result = null;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines.map((text) => JSON.parse(text))) {
      hear(line);
      result = line.result ?? result;
    }
  }
  if (!result) throw new Error('the answer broke off before its end');
  return result;
}
