// One generation as a card: what it shows in each status, and what can be done about it.

import { button, el, icon, iconButton, time } from './dom.js';
import { charge, price, settlement, stopping } from './money.js';
import { media } from './studio-pictures.js';
import { ago, duration, excerpt, plural, sentence } from './words.js';

export const ACTIVE = new Set(['queued', 'running']);

const HEADLINES = {
  content_refused: 'The model refused this prompt',
  provider_timeout: 'It took too long',
  provider_unavailable: 'The model is down',
  model_unavailable: 'The model is not available',
};

/// A card. `acts` are what its buttons do: `open(index)`, `cancel`, `retry`, `reuse`, `save`, each called with the id.
export function card(generation, acts) {
  const item = el('li', { className: 'card', tabIndex: -1, data: { id: generation.id } });
  update(item, generation, acts);
  return item;
}

/// Shows the generation as it is now. Does nothing if nothing changed, so that no focus and no picture is lost.
export function update(item, generation, acts) {
  const seen = JSON.stringify(generation);
  if (item.seen === seen) return;
  item.seen = seen;
  const focused = item.contains(document.activeElement);
  item.dataset.status = generation.status;
  item.setAttribute('aria-label', `${excerpt(generation.prompt, 80)}: ${STAGES[generation.status].word}`);
  item.replaceChildren(stage(generation, acts), caption(generation, acts));
  if (focused) (item.querySelector('button') ?? item).focus({ preventScroll: true });
}

/// Moves the clocks on. Called once a second.
export function tick(root, now = Date.now()) {
  for (const clock of root.querySelectorAll('[data-since]')) {
    clock.textContent = duration(now - Date.parse(clock.dataset.since));
  }
  for (const age of root.querySelectorAll('.meta time')) age.textContent = ago(age.dateTime, now);
}

/// Why it failed and what that means for the credits, in plain words.
export function explain(generation) {
  const { status, failure, attempts } = generation;
  const why = failure ? sentence(failure.message) : '';
  const tries = attempts > 1 ? ` after ${attempts} attempts` : '';
  const before = {
    failed: why,
    dead: `We gave up${tries}. ${why} It is on the list of support.`,
    cancelled: 'You stopped it.',
    discarded: 'Support could not mend it.',
  };
  return `${before[status]} ${settlement(generation)}`.trim();
}

const STAGES = {
  queued: { word: 'waiting', draw: waiting },
  running: { word: 'in the making', draw: waiting },
  succeeded: { word: 'ready', draw: pictures },
  failed: { word: 'failed', draw: failure },
  dead: { word: 'with support', draw: failure },
  cancelled: { word: 'cancelled', draw: failure },
  discarded: { word: 'refunded', draw: failure },
};

/// The word for a status, as it is read out.
export const statusWord = (status) => STAGES[status].word;

function stage(generation, acts) {
  return STAGES[generation.status].draw(generation, acts);
}

function waiting(generation, acts) {
  const { id, status, kind, attempts, failure: last, created_at: since } = generation;
  const cost = stopping(generation);
  const running = status === 'running';
  const making = kind === 'video' ? 'Filming' : 'Painting';
  const again = last && !running ? 'It did not work yet; trying again' : null;
  return el('div', { className: `stage waiting ${status}` },
    el('div', { className: 'waiting-words' },
      el('span', { className: 'chip busy' }, icon('spark'), running ? making : 'Waiting'),
      el('span', { className: 'hint' }, el('span', { data: { since } }, duration(Date.now() - Date.parse(since)))),
      attempts > 1 || again ? el('p', { className: 'hint' }, again ?? `Attempt ${attempts}`) : null),
    el('div', { className: 'progress', attrs: { role: 'progressbar', 'aria-label': running ? making : 'Waiting in line' } }),
    cost ? el('p', { className: 'hint', id: `cost-${id}` }, cost) : null,
    button('Cancel', {
      icon: 'stop', className: 'small quiet', data: { act: 'cancel' }, attrs: cost ? { 'aria-describedby': `cost-${id}` } : {}, on: { click: () => acts.cancel(id) },
    }));
}

function pictures({ id, prompt, outputs }, acts) {
  const shown = outputs.slice(0, 4);
  const words = excerpt(prompt, 160);
  return el('div', { className: 'stage pictures', data: { count: Math.min(4, outputs.length) } },
    shown.map((output, place) => {
      const label = outputs.length > 1 ? `Open picture ${place + 1} of ${outputs.length}` : 'Open picture';
      const rest = outputs.length - shown.length;
      return el('button', {
        type: 'button',
        className: 'picture',
        attrs: { 'aria-label': label },
        on: { click: () => acts.open(id, place) },
      }, media(output, words), place === 3 && rest > 0 ? el('span', { className: 'rest' }, `+${rest}`) : null);
    }));
}

function failure(generation, acts) {
  const { id, status } = generation;
  const chips = { failed: 'bad', dead: 'warn', cancelled: '', discarded: 'good' };
  const again = status === 'failed' || status === 'cancelled';
  return el('div', { className: `stage failure ${status}` },
    el('span', { className: `chip ${chips[status]}` }, status === 'failed' || status === 'dead' ? icon('alert') : null, headline(generation)),
    el('p', { className: 'why' }, explain(generation)),
    again && button(`Try again · ${price(generation)}`, {
      icon: 'again', className: 'small', data: { act: 'retry' }, on: { click: () => acts.retry(id) },
    }));
}

function headline({ status, charged, failure: why }) {
  if (status === 'cancelled') return 'Cancelled';
  if (status === 'discarded') return Number(charged) ? 'Given up' : 'Refunded';
  return HEADLINES[why?.code] ?? (status === 'dead' ? 'It could not be made yet' : 'It could not be made');
}

function caption(generation, acts) {
  const { id, prompt, model, kind, count, params, status, outputs, created_at: created } = generation;
  const facts = [
    acts.title(model),
    count > 1 && plural(count, kind === 'video' ? 'clip' : 'picture'),
    params?.seconds && `${params.seconds} s`,
    charge(generation),
  ];
  return el('div', { className: 'caption' },
    el('p', { className: 'prompt', title: prompt }, prompt),
    el('p', { className: 'meta' }, facts.filter(Boolean).flatMap((fact) => [el('span', {}, fact), ' ']), time(created, ago(created))),
    el('div', { className: 'caption-acts' },
      iconButton('Use this prompt again', 'copy', { on: { click: () => acts.reuse(id) } }),
      status === 'succeeded' && iconButton(outputs.length > 1 ? 'Download all' : 'Download', 'down', { data: { act: 'save' }, on: { click: () => acts.save(id) } })));
}
