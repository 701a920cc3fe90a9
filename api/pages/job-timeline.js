// The events of a job as a line from its purchase to now.

import { el, find } from './dom.js';
import { facts, keyed, moment } from './job-parts.js';
import { named, plural, spaced } from './words.js';

const EVENTS = {
  'job.queued': ['Paid for and queued', ''],
  'job.started': ['Attempt started', 'busy'],
  'job.submitted': ['Accepted by the provider', 'busy'],
  'job.attempt_failed': ['Attempt failed', 'warn'],
  'job.succeeded': ['Succeeded', 'good'],
  'job.failed': ['Failed and refunded', 'bad'],
  'job.dead_lettered': ['Given up: attempts used up', 'warn'],
  'job.retried': ['Sent again', ''],
  'job.discarded': ['Discarded and refunded', ''],
  'job.cancelled': ['Cancelled', ''],
  'job.refunded': ['Price given back by an admin', ''],
};

export function showMoments({ events, left_out: leftOut }) {
  const place = find('#line-scroll');
  const isAtEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 8;
  keyed(find('#moments'), events, ({ position }) => position, happened);
  find('#left-out').hidden = leftOut === 0;
  find('#left-out').textContent = `${plural(leftOut, 'earlier entry', 'earlier entries')} left out; the audit export has all of them.`;
  // Who looks at the newest goes on looking at it.
  if (isAtEnd && place.scrollTop > 0) place.scrollTop = place.scrollHeight;
}

function happened({ type, version, occurred_at: when, actor, request_id: request, causation_id: cause, position, payload }) {
  const { type: name, ...known } = payload;
  const [words, tone] = EVENTS[type] ?? [spaced(type), ''];
  const rest = Object.entries(known).map(([key, value]) => [spaced(key), plain(value)]);
  return el('li', { className: tone },
    el('p', {}, el('strong', {}, words), gist(known)),
    el('p', { className: 'hint' }, moment(when), ` · ${named(actor)}`),
    el('details', {},
      el('summary', {}, el('span', { className: 'visually-hidden' }, `${words}: `), 'As stored'),
      el('dl', { className: 'job-facts' }, facts([['type', type], ...rest, ['version', String(version)], ['position', String(position)], ['request', request], ['caused by', cause]]))));
}

/// What is worth seeing without opening it.
function gist({ attempt, failure, run, reason, amount, kept }) {
  const parts = [failure?.code, reason, amount && `${amount} credits`, kept && `${kept} kept`, run && attempt === undefined && `run ${run}`, attempt && `attempt ${attempt}`];
  const said = parts.filter(Boolean).join(' · ');
  return said ? ` · ${said}` : '';
}

const plain = (value) => (typeof value === 'object' ? el('code', {}, JSON.stringify(value)) : String(value));
