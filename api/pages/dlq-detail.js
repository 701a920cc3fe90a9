// One job in full: why it failed, every attempt, every event.

import { button, el, find, time } from './dom.js';
import { closeOnBackdrop, notice } from './notices.js';
import { inAddress } from './dlq-filters.js';
import { ago, credits, duration, named, plural, sentence, spaced } from './words.js';

const dialog = find('#detail');
const body = find('#detail-body');

const EVENTS = {
  'job.queued': 'Paid for and queued',
  'job.started': 'Attempt started',
  'job.submitted': 'Submitted to the provider',
  'job.attempt_failed': 'Attempt failed',
  'job.succeeded': 'Succeeded',
  'job.failed': 'Failed and refunded',
  'job.dead_lettered': 'Given up: attempts used up',
  'job.retried': 'Sent again',
  'job.discarded': 'Deleted and refunded',
  'job.cancelled': 'Cancelled and refunded',
};

/// The panel. `acts` are `retry(job, button)` and `discard(job, button)`; both resolve to whether it was done.
export class Detail {
  #client;
  #acts;

  constructor(client, acts) {
    this.#client = client;
    this.#acts = acts;
    closeOnBackdrop(dialog);
    dialog.addEventListener('close', () => inAddress((address) => address.delete('job')));
  }

  /// Opens the panel on a job.
  async open(id) {
    inAddress((address) => address.set('job', id));
    body.replaceChildren(el('p', { className: 'hint' }, 'Loading…'));
    if (!dialog.open) dialog.showModal();
    try {
      const job = await this.#client.get(`/admin/dlq/messages/${encodeURIComponent(id)}`);
      body.replaceChildren(...this.#content(job));
    } catch (problem) {
      dialog.close();
      const gone = problem.status === 404 ? 'This job is not among the failed ones any more.' : sentence(problem.message);
      notice(gone, { bad: problem.status !== 404 });
    }
  }

  #content(job) {
    const act = (name) => async (event) => {
      if (await this.#acts[name](job, event.currentTarget)) dialog.close();
    };
    return [
      el('div', { className: 'verdict' },
        el('span', { className: `chip ${job.failure.class === 'permanent' ? 'bad' : 'warn'}` }, `${job.failure.code} · ${job.failure.class}`),
        el('p', {}, sentence(job.failure.message))),
      el('div', { className: 'detail-acts' },
        button('Retry', { icon: 'again', className: 'primary', on: { click: act('retry') } }),
        button('Delete and refund', { icon: 'trash', className: 'danger', on: { click: act('discard') } })),
      el('h3', {}, 'Prompt'),
      el('p', { className: 'whole-prompt' }, job.prompt),
      el('dl', { className: 'facts' }, facts(job)),
      el('h3', {}, 'Attempts'),
      el('ol', { className: 'attempts' }, attempts(job.events).map(attempt)),
      el('h3', {}, `Events (${job.events.length})`),
      el('ol', { className: 'events' }, job.events.map(happened)),
    ];
  }
}

function facts({ id, user, model, kind, count, charged, on_hold: isHeld, attempts: many, run, created_at: created, died_at: died }) {
  const rows = [
    ['User', user ? named(user) : '–'],
    ['Model', model],
    ['Makes', plural(count, kind === 'video' ? 'clip' : 'picture')],
    [isHeld ? 'Held, at most' : 'Paid', credits(charged)],
    ['Attempts', run > 1 ? `${many} in run ${run}` : String(many)],
    ['Asked for', time(created, `${new Date(created).toLocaleString()} (${ago(created)})`)],
    ['Given up', time(died, `${new Date(died).toLocaleString()} (${ago(died)})`)],
    ['Job', el('a', { href: `/admin/jobs/${id}` }, el('code', {}, id))],
  ];
  return rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]);
}

/// Pairs each start with what became of it.
export function attempts(events) {
  const all = [];
  let run = 1;
  for (const event of events) {
    const known = detailOf(event);
    if (event.type === 'job.retried') run = known.run ?? run + 1;
    if (event.type === 'job.started') all.push({ run, number: known.attempt, worker: known.worker, start: event.occurred_at });
    const last = all.at(-1);
    const isOutcome = ['job.attempt_failed', 'job.dead_lettered', 'job.failed', 'job.succeeded'].includes(event.type);
    if (last && !last.end && isOutcome) Object.assign(last, { end: event.occurred_at, failure: known.failure, free: known.counted === false });
  }
  return all.reverse();
}

function attempt({ run, number, worker, start, end, failure, free }) {
  const passed = Date.parse(end) - Date.parse(start);
  const lasted = passed < 1000 ? 'less than a second' : duration(passed);
  const took = end ? lasted : 'no end was recorded';
  return el('li', {},
    el('p', {}, el('strong', {}, `Attempt ${number}`), run > 1 ? ` of run ${run}` : '', failure ? ` · ${failure.code}` : ''),
    failure && el('p', {}, sentence(failure.message)),
    el('p', { className: 'hint' }, time(start, new Date(start).toLocaleString()), ` · ${took}`, worker ? ` · ${worker}` : '', free ? ' · used up no attempt' : ''));
}

function happened(event) {
  const known = detailOf(event);
  const rest = Object.entries(known).filter(([, value]) => value !== null && value !== undefined);
  return el('li', {},
    el('p', {}, el('strong', {}, EVENTS[event.type] ?? spaced(event.type)), ' ', el('code', {}, event.type)),
    el('p', { className: 'hint' }, `${event.version} · `, time(event.occurred_at, new Date(event.occurred_at).toLocaleString()), event.actor ? ` · ${event.actor}` : ''),
    rest.length > 0 && el('details', {},
      el('summary', {}, 'Details'),
      el('dl', { className: 'facts' }, rest.flatMap(([name, value]) => [el('dt', {}, spaced(name)), el('dd', {}, plain(value))]))));
}

/// What an event says beyond when and who, wherever the API puts it.
function detailOf({ type, version, occurred_at: when, actor, detail, payload, ...rest }) {
  const { type: name, ...known } = { ...payload, ...detail, ...rest };
  return known;
}

function plain(value) {
  if (typeof value !== 'object') return String(value);
  return Object.entries(value).map(([name, inner]) => `${spaced(name)}: ${typeof inner === 'object' ? JSON.stringify(inner) : inner}`).join(', ');
}
