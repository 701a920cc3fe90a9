// The rows. A row stays the same element while its job is shown, so that a refresh takes no focus away.

import { button, el, find, iconButton, time } from './dom.js';
import { ago, amount, excerpt, named, plural, sentence } from './words.js';

const body = find('#rows');

/// What a row stands for: a job that fails again is another row, with another failure.
export const runOf = ({ id, run }) => `${id} ${run}`;

/// The rows of the page. `acts` are `open`, `retry` and `discard`, called with the job, and `toggle(id, isOn)`.
export class Table {
  #acts;
  #rows = new Map();

  constructor(acts) {
    this.#acts = acts;
    body.addEventListener('keydown', step);
    setInterval(() => this.#age(), 10_000);
  }

  /// Shows these jobs, in this order, with those selected that `isSelected(id)` names.
  show(jobs, isSelected) {
    const kept = new Map(jobs.map((job) => [runOf(job), this.#rows.get(runOf(job)) ?? this.#row(job)]));
    for (const [run, row] of this.#rows) if (!kept.has(run)) leave(row);
    this.#rows = kept;
    jobs.forEach((job, place) => {
      const row = kept.get(runOf(job));
      if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
      find('input', row).checked = isSelected(job.id);
      row.classList.toggle('selected', isSelected(job.id));
    });
  }

  #age() {
    for (const age of body.querySelectorAll('time')) age.textContent = ago(age.dateTime);
  }

  #row(job) {
    const { id, user, prompt, model, kind, count, charged, attempts, run, failure, died_at: died } = job;
    const words = excerpt(prompt, 60);
    const tick = el('input', {
      type: 'checkbox', on: { change: () => this.#acts.toggle(id, tick.checked) }, attrs: { 'aria-label': `Select “${words}”` },
    });
    const open = el('button', { type: 'button', className: 'link prompt gives', title: words, on: { click: () => this.#acts.open(id) } }, excerpt(prompt, 120));
    const retry = button('Retry', {
      icon: 'again', className: 'small', data: { act: 'retry' }, attrs: { 'aria-label': `Retry “${words}”` }, on: { click: () => this.#acts.retry(job, retry) },
    });
    const discard = iconButton(`Delete “${words}”`, 'trash', { data: { act: 'discard' }, on: { click: () => this.#acts.discard(job, discard) } });
    const page = el('a', { href: `/admin/jobs/${id}`, attrs: { 'aria-label': `Page of “${words}”` } }, 'page');
    const what = [model, count > 1 ? plural(count, kind === 'video' ? 'clip' : 'picture') : null, run > 1 ? `run ${run}` : null];
    const cell = (label, className, ...children) => el('td', { className, data: { label } }, ...children);
    return el('tr', { data: { id } },
      cell('', 'tick', tick),
      cell('Reason', 'reason', el('div', { className: 'line' },
        el('span', { className: `chip ${failure.class === 'permanent' ? 'bad' : 'warn'}` }, failure.code),
        el('p', { className: 'gives', title: failure.message }, sentence(failure.message)))),
      cell('Job', 'job', el('div', { className: 'line' }, open, el('p', { className: 'hint' }, what.filter(Boolean).join(' · ')), page)),
      cell('User', 'user', user ? named(user) : '–'),
      cell('Attempts', 'number', String(attempts)),
      cell('Credits', 'number', amount(charged)),
      cell('Failed', 'age', time(died, ago(died))),
      cell('', 'acts', retry, discard));
  }
}

/// Takes a row away, and the focus in it to the row that follows.
function leave(row) {
  if (row.contains(document.activeElement)) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    (next ? find('.prompt', next) : find('#jobs')).focus();
  }
  row.remove();
}

/// Up and down go from job to job.
function step(event) {
  const by = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
  const next = by && event.target.closest('tr')?.[by];
  if (!next) return;
  event.preventDefault();
  const same = event.target.matches('input') ? 'input' : '.prompt';
  find(same, next).focus();
}
