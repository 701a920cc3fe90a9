// What the job did to its account, line by line, each with the way to its proof.

import { Client } from './client.js';
import { button, el, find } from './dom.js';
import { proof } from './job-curl.js';
import { cell, copy, keyed, moment } from './job-parts.js';
import { movement } from './money.js';
import { busy, notice } from './notices.js';
import { signInUnasked } from './session.js';
import { amount, sentence } from './words.js';

export function showLines({ ledger_lines: lines }) {
  keyed(find('#lines'), lines, ({ position }) => position, row);
}

function row(line) {
  const { type, run, balance_after: after, occurred_at: when, position } = line;
  const { name, shown, tone, detail } = movement(line);
  const prove = button('Proof', { className: 'small quiet', attrs: { 'aria-label': `Proof of event ${position}` }, on: { click: () => busy(prove, () => proven(line)) } });
  return el('tr', {},
    el('th', { scope: 'row' }, name, ' ', el('code', {}, type), detail && el('p', { className: 'hint' }, detail)),
    cell('Credits', `number ${tone}`, shown),
    cell('Balance after', 'number', amount(after)),
    cell('Run', 'number', run === null ? '–' : String(run)),
    cell('When', '', moment(when)),
    cell('Position', 'number', String(position)),
    cell('', 'number', prove));
}

/// A proof is for auditors: if one is signed in here, or on a demo server, it is saved; else the way to it is given.
async function proven({ proof: path, position }) {
  const auditor = new Client('auditor');
  if (!(await signInUnasked(auditor))) return copy(proof(path, location.origin), 'Proofs are for auditors. The command for it was copied.');
  try {
    const document = await auditor.get(path);
    const url = URL.createObjectURL(new Blob([JSON.stringify(document, null, 2)], { type: 'application/json' }));
    el('a', { href: url, download: `proof-${position}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    return notice('The proof was saved. `cooly proof verify` checks it without this server.');
  } catch (problem) {
    return notice(sentence(problem.message), { bad: problem.code !== 'not_sealed_yet' });
  }
}
