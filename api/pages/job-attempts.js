// The attempts as a table: who tried, at which provider, what came of it, and how long it took.

import { el, find } from './dom.js';
import { cell, keyed, moment, took } from './job-parts.js';
import { sentence, spaced } from './words.js';

const OUTCOMES = {
  running: ['Running', 'busy'], succeeded: ['Succeeded', 'good'], failed: ['Failed', 'warn'], cancelled: ['Cancelled', ''], taken_over: ['Taken over', ''],
};
const BILLED = { yes: 'the provider is paid for it', no: 'the provider is not paid', unknown: 'the provider may want to be paid' };

export function showAttempts({ attempts }) {
  find('#no-attempts').hidden = attempts.length > 0;
  find('#attempts-table').hidden = attempts.length === 0;
  keyed(find('#attempts'), attempts, ({ fencing }) => fencing, row);
}

function row(attempt) {
  const { run, number, outcome, failure, counted, began_at: began, milliseconds, worker } = attempt;
  const [word, tone] = OUTCOMES[outcome];
  const isPermanent = failure?.class === 'permanent';
  return el('tr', {},
    el('th', { scope: 'row' }, run > 1 ? `${number} of run ${run}` : String(number)),
    cell('Outcome', 'wide',
      el('span', { className: `chip ${isPermanent ? 'bad' : tone}` }, failure ? `${failure.code} · ${failure.class}` : word),
      failure && el('p', {}, sentence(failure.message)),
      failure && el('p', { className: 'hint' }, [BILLED[failure.billed], counted === false && 'used up no attempt'].filter(Boolean).join(' · '))),
    cell('Provider', '', ...provider(attempt)),
    cell('Began', '', moment(began)),
    cell('Took', 'number', milliseconds === null ? '–' : took(milliseconds)),
    cell('Worker', '', el('code', {}, worker)));
}

function provider({ provider: asked, providers, provider_request_id: request }) {
  const might = providers.length ? `${providers.join(' or ')} could be asked` : 'not recorded';
  return [
    asked ? el('p', {}, spaced(asked)) : el('p', { className: 'hint' }, might),
    request && el('p', {}, el('code', { title: 'The provider’s name for the work' }, request)),
  ];
}
