// What one endpoint was told, newest first, and sending one of it again.

import { button, el, find, time } from './dom.js';
import { busy, closeOnBackdrop } from './notices.js';
import { ago, duration, sentence, spaced } from './words.js';

const PAGE = 20;
const OUTCOMES = { waiting: ['Waits', 'busy'], delivered: ['Taken', 'good'], given_up: ['Given up', 'bad'] };

/// Shows the drawer until it is closed.
export function showTold(client, endpoint) {
  const dialog = find('#told');
  const [outcome, more] = [find('#told-outcome'), find('#told-more')];
  let cursor = null;
  let turn = 0;
  const read = async (isNext) => {
    turn += 1;
    const mine = turn;
    const query = new URLSearchParams({ limit: PAGE });
    if (outcome.value) query.set('outcome', outcome.value);
    if (isNext && cursor) query.set('cursor', cursor);
    try {
      const page = await client.get(`/admin/webhooks/${endpoint.id}/deliveries?${query}`);
      if (mine !== turn) return;
      const rows = page.items.map((delivery) => row(client, endpoint, delivery, () => read(false)));
      if (isNext) find('#deliveries').append(...rows);
      else find('#deliveries').replaceChildren(...rows);
      cursor = page.next_cursor;
      find('#told-problem').textContent = '';
      find('#told-none').hidden = find('#deliveries').children.length > 0;
      more.hidden = !cursor;
    } catch (problem) {
      if (mine === turn) find('#told-problem').textContent = sentence(problem.message);
    }
  };
  const [first, next, close] = [() => read(false), () => read(true), () => dialog.close()];
  find('#told-url').textContent = endpoint.url;
  find('#deliveries').replaceChildren();
  outcome.value = '';
  outcome.addEventListener('change', first);
  more.addEventListener('click', next);
  find('#told-close').addEventListener('click', close);
  dialog.showModal();
  dialog.addEventListener('close', () => {
    turn += 1;
    outcome.removeEventListener('change', first);
    more.removeEventListener('click', next);
    find('#told-close').removeEventListener('click', close);
  }, { once: true });
  return first();
}

function row(client, endpoint, delivery, changed) {
  const [words, tone] = OUTCOMES[delivery.outcome];
  const again = async ({ currentTarget }) => {
    await busy(currentTarget, async () => {
      await client.post(`/admin/webhooks/${endpoint.id}/deliveries/${delivery.id}/redeliver`);
      await changed();
    }).catch((problem) => { find('#told-problem').textContent = sentence(problem.message); });
  };
  const label = delivery.outcome === 'waiting' ? 'Send now' : 'Send again';
  return el('li', { className: 'delivery', data: { outcome: delivery.outcome } },
    el('div', { className: 'delivery-head' },
      el('h3', {}, delivery.type),
      el('span', { className: `chip ${tone}` }, words)),
    el('p', { className: 'hint' }, 'Written down ', time(delivery.created_at, ago(delivery.created_at)), answer(delivery), next(delivery)),
    el('p', { className: 'hint' }, `Id ${delivery.id}`),
    !endpoint.disabled && el('p', {}, button(label, { className: 'small', attrs: { 'aria-label': `${label}: ${delivery.type} ${delivery.id}` }, on: { click: again } })));
}

/// How often it was sent, and what was answered last.
function answer({ attempts, status, error }) {
  if (attempts === 0) return error ? ` · ${spaced(error)}` : ' · not sent yet';
  const last = status ? `answered ${status}` : spaced(error ?? 'no answer');
  return ` · sent ${attempts === 1 ? 'once' : `${attempts} times`}, ${last}`;
}

function next({ outcome, next_at: at }) {
  if (outcome !== 'waiting') return '';
  if (!at) return ' · waits for an earlier message about the same user';
  const wait = Date.parse(at) - Date.now();
  return wait > 1000 ? ` · next in ${duration(wait)}` : ' · due';
}

closeOnBackdrop(find('#told'));
