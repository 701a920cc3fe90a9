// One cause of failures: how much waits of it, since when, whether it gets worse, and what can be done.

import { button, el, icon, svg, time } from './dom.js';
import { ago, amount, credits, excerpt, plural, sentence } from './words.js';

const HOURS = 24;
const BAR = 6;
const TALL = 28;

const STATES = {
  regressed: ['bad', 'Came back'],
  open: null,
  ignored: ['', 'Ignored'],
  resolved: ['good', 'Resolved'],
};

/// The card of an incident. `acts` are `retry`, `refund`, `ignore`, `resolve`, `reopen` and `jobs`, called with the incident and
/// the button.
export class Card {
  element = el('li', { className: 'incident panel' });
  #acts;
  #told = '';
  #incident = null;

  constructor(acts) {
    this.#acts = acts;
  }

  /// Shows the incident as it is now; what has not changed stays as it is.
  tell(incident) {
    const told = JSON.stringify(incident);
    if (told === this.#told) return;
    this.#told = told;
    this.#incident = incident;
    const { activeElement: active } = document;
    const pressed = this.element.contains(active) ? active.dataset.act : null;
    this.element.dataset.id = incident.id;
    this.element.dataset.state = incident.state;
    this.element.replaceChildren(...this.#parts(incident));
    if (pressed) (this.element.querySelector(`[data-act="${pressed}"]`) ?? this.element.querySelector('button'))?.focus();
  }

  /// Lets the ages grow.
  age() {
    for (const age of this.element.querySelectorAll('time')) age.textContent = ago(age.dateTime);
  }

  #parts(incident) {
    const { title, message, provider, state, class: kind, rising: isRising, jobs } = incident;
    const [look, words] = STATES[state] ?? [];
    return [
      el('div', { className: 'incident-head' },
        el('h3', {}, title),
        words && el('span', { className: `chip ${look}` }, words),
        isRising && el('span', { className: 'chip bad' }, icon('up'), 'Rising'),
        el('span', { className: `chip ${kind === 'permanent' ? 'bad' : 'warn'}` }, icon('alert'), kind)),
      el('p', { className: 'incident-message', title: message }, `${excerpt(sentence(message), 160)}${provider ? ` — ${provider}` : ''}`),
      jobs > 0 ? figures(incident) : el('p', { className: 'hint' }, 'None of its jobs waits any more.'),
      jobs > 0 && el('p', { className: 'hint incident-when' },
        'First ', time(incident.first_seen, ago(incident.first_seen)), ', last ', time(incident.last_seen, ago(incident.last_seen))),
      lastWords(incident),
      el('div', { className: 'incident-acts' }, this.#buttons(incident)),
    ].filter(Boolean);
  }

  #buttons({ state, jobs, title }) {
    const act = (label, name, className = '') => button(label, {
      className: `small ${className}`,
      data: { act: name },
      attrs: { 'aria-label': `${label.replace('…', '')}: ${title}` },
      on: { click: (event) => this.#acts[name](this.#incident, event.currentTarget) },
    });
    const isQuiet = state === 'ignored' || state === 'resolved';
    return [
      jobs > 0 && act('Retry all', 'retry', isQuiet ? '' : 'primary'),
      jobs > 0 && act('Refund all', 'refund', 'danger'),
      !isQuiet && act('Ignore…', 'ignore'),
      state !== 'resolved' && act('Resolve', 'resolve'),
      isQuiet && act('Reopen', 'reopen'),
      jobs > 0 && act('Show jobs', 'jobs', 'quiet'),
    ];
  }
}

function figures({ jobs, jobs_is_more: isMore, people, credits: sum, hours }) {
  const more = isMore ? 'more than ' : '';
  const figure = (value, unit) => el('div', {}, el('dt', {}, unit), el('dd', {}, value));
  return el('div', { className: 'incident-figures' },
    el('dl', {},
      figure(`${more}${jobs.toLocaleString('en')}`, jobs === 1 ? 'job' : 'jobs'),
      figure(`${isMore ? '≥ ' : ''}${people.toLocaleString('en')}`, people === 1 ? 'person' : 'people'),
      figure(`${isMore ? '> ' : ''}${amount(sum)}`, credits(sum).endsWith('credit') ? 'credit' : 'credits')),
    sparkline(hours, more));
}

/// Failures an hour of the last day, the present hour at the right. The words say the same.
function sparkline(hours, more) {
  const most = Math.max(...hours, 1);
  const within = hours.reduce((all, hour) => all + hour, 0);
  const words = `${more}${plural(within, 'job')} that wait failed within 24 hours, ${hours.at(-1).toLocaleString('en')} of them in the last hour.`;
  const bars = hours.map((hour, at) => {
    const height = hour ? Math.max(2, Math.round((hour / most) * TALL)) : 1;
    return svg('rect', { x: at * BAR, y: TALL - height, width: BAR - 1, height, class: hour ? 'some' : 'none' });
  });
  return svg('svg', { viewBox: `0 0 ${HOURS * BAR} ${TALL}`, class: 'sparkline', role: 'img', 'aria-label': words }, svg('title', {}, words), ...bars);
}

/// Who decided what last, and for how long.
function lastWords({ state, last_change: last }) {
  if (!last || state === 'open') return null;
  const who = last.by ? ` by ${last.by}` : '';
  const why = last.reason ? `: “${last.reason}”` : '';
  if (state === 'regressed') {
    const since = last.event === 'resolved' ? `Resolved${who}` : 'It was resolved';
    return el('p', { className: 'incident-last' }, `${since}, and jobs failed of it again.`);
  }
  if (state === 'ignored') {
    const end = last.until ? `until ${new Date(last.until).toLocaleString()}` : `until ${plural(last.more, 'more job')} failed of it`;
    return el('p', { className: 'incident-last' }, `Ignored${who} ${end}${why}`);
  }
  return el('p', { className: 'incident-last' }, `Resolved${who} ${ago(last.at)}${why}`);
}
