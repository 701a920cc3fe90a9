// The top of the page and the prompt: where the job is, what it costs, what was asked for, and what its customer reads.

import { el, find } from './dom.js';
import { facts, moment, took } from './job-parts.js';
import { charge } from './money.js';
import { ACTIVE, explain, statusWord } from './studio-card.js';
import { amount, credits, excerpt, micros, named, plural, sentence } from './words.js';

const CHIPS = { queued: 'busy', running: 'busy', succeeded: 'good', failed: 'bad', dead: 'warn', cancelled: '', discarded: '' };
const STATUSES = {
  queued: 'Waiting', running: 'Running', succeeded: 'Succeeded', failed: 'Failed', dead: 'Dead', cancelled: 'Cancelled', discarded: 'Discarded',
};

/// Shows a story, and moves its clock on while the job goes on.
export class JobHead {
  #since = null;

  constructor() {
    setInterval(() => this.#tick(), 1000);
  }

  show(story) {
    const { status, state, prompt, money } = story;
    this.#since = story.finished_at ? null : story.bought_at;
    document.title = `${STATUSES[status]}: ${excerpt(prompt, 40)} · Cooly`;
    find('#title').textContent = `Job of ${story.user ? named(story.user) : 'an unknown user'}`;
    find('#chip').className = `chip ${CHIPS[status]}`;
    find('#chip').textContent = STATUSES[status];
    find('#state').textContent = sentence(state);
    if (find('#status').textContent !== sentence(state)) find('#status').textContent = sentence(state);
    find('#figures').replaceChildren(...figures(story, money));
    find('#prompt').textContent = prompt;
    find('#facts').replaceChildren(...facts(asked(story)));
    // Of a job that may go on, the sentence comes and goes: it keeps its room, so that nothing moves.
    if (!story.finished_at || status === 'dead') find('#customer').classList.add('roomy');
    find('#customer').replaceChildren(...customer(story.customer_reads));
    this.#tick();
  }

  #tick() {
    const clock = find('#wait');
    if (clock && this.#since) clock.textContent = took(Math.max(0, Math.floor((Date.now() - Date.parse(this.#since)) / 1000) * 1000));
  }
}

function figures({ waited_milliseconds: waited, finished_at: finished }, money) {
  const isMetered = micros(money.held) > 0n;
  const back = micros(money.refunded) + micros(money.released);
  const all = [
    ['Paid', amount(micros(money.paid) + micros(money.captured)), isMetered ? `of ${amount(money.held)} set aside` : `${credits(money.cost)} a run`],
    ['Held', amount(money.on_hold), micros(money.on_hold) > 0n ? 'spent only if it succeeds' : 'nothing is set aside'],
    ['Given back', amount(back), returned(money)],
    ['Charged now', amount(money.charged), micros(money.kept) > 0n ? `${amount(money.kept)} kept by a late cancel` : 'taken or held, not given back'],
  ];
  const wait = el('dd', { id: 'wait' }, finished ? took(waited) : '–');
  return [
    ...all.map(([name, value, hint]) => el('div', {}, el('dt', {}, name), el('dd', {}, value), el('dd', { className: 'hint' }, hint))),
    el('div', {}, el('dt', {}, 'Customer’s wait'), wait, el('dd', { className: 'hint' }, finished ? 'from purchase to end' : 'since the purchase')),
  ];
}

function returned({ refund_waits: isWaiting, refunded, released }) {
  if (isWaiting) return 'the refund waits: the account is full';
  if (micros(released) > 0n && micros(refunded) > 0n) return `${amount(refunded)} refunded, ${amount(released)} never taken`;
  if (micros(released) > 0n) return 'set aside and never taken';
  return micros(refunded) > 0n ? 'refunded' : 'nothing came back';
}

function asked({ id, model, kind, count, params, user, created_at: created, bought_at: bought, finished_at: finished, deadlines, run, runs, links }) {
  const wishes = Object.entries(params).map(([name, value]) => `${name} ${value}`).join(', ');
  const statement = user && el('a', { href: `/statement?user=${encodeURIComponent(user)}` }, `Statement of ${named(user)}`);
  return [
    ['Model', model],
    ['Makes', plural(count, kind === 'video' ? 'clip' : 'picture')],
    ['Parameters', wishes || 'the model’s own'],
    ['Job', el('code', {}, id)],
    ['Account', statement],
    ['First asked for', moment(created)],
    ['Last paid for', bought === created ? null : moment(bought)],
    ['Ended', finished && moment(finished)],
    ['Run', run > 1 ? `${run}: ${runs.slice(-3).map(origin).join('; ')}` : null],
    ...ahead(deadlines),
    ...links.bulk_actions.map(({ reason, ordered_by: who, action }) => [action === 'retry' ? 'Retried with many' : 'Discarded with many', `${who}: ${reason}`]),
    ['Failed job', links.dead_letter && el('a', { href: `/admin/dlq/messages?job=${id}` }, 'Among the failed jobs')],
  ];
}

const origin = ({ run, by, reason, charged }) => `run ${run} by ${named(by)}, ${charged === null ? 'free' : credits(charged)}${reason ? ` (${reason})` : ''}`;

function ahead(deadlines) {
  const names = {
    next_attempt_at: 'Next attempt from', claim_until: 'Claimed until', provider_until: 'Provider has until', queued_until: 'Given up at', outputs_until: 'Outputs kept until',
  };
  return Object.entries(names).map(([name, words]) => [words, deadlines[name] && moment(deadlines[name])]);
}

/// The words of the studio, made of what the API tells the customer.
function customer(generation) {
  const { status, failure } = generation;
  const isEnd = !ACTIVE.has(status) && status !== 'succeeded';
  return [
    el('p', {}, el('strong', {}, `“${statusWord(status)}”`), ` · ${charge(generation)}`),
    isEnd ? el('blockquote', { id: 'sentence' }, explain(generation)) : failure && el('blockquote', { id: 'sentence' }, sentence(failure.message)),
    failure && el('p', { className: 'hint' }, `The API says ${failure.code} (${failure.class}).`),
  ].filter(Boolean);
}
