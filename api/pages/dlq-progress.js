// The actions on many jobs that go on by themselves: how far each is, and pausing, resuming and stopping them.

import { button, el, find, svg } from './dom.js';
import { busy, confirm, notice } from './notices.js';
import { ago, credits, duration, micros, plural, sentence } from './words.js';

const LIST = '/admin/dlq/bulk-actions';
/// As many as the list tells at once: one that is paused must not be lost behind newer ones.
const SHOWN = 100;
const WIDTH = 1000;
/// How soon an action is looked at again that goes on, and one that does not.
const OFTEN = 1000;
const SELDOM = 10_000;
/// One that is over is shown for so long.
const KEPT = 600_000;

const VERBS = { retry: 'Retry', discard: 'Delete' };
const STATES = {
  canary: ['busy', 'Trying the first'],
  running: ['busy', 'Running'],
  paused: ['warn', 'Paused'],
  done: ['good', 'Done'],
  aborted: ['bad', 'Stopped'],
};
const PARTS = [
  ['good', ({ succeeded, discarded }) => succeeded + discarded],
  ['bad', ({ failed, refused }) => failed + refused],
  ['left', ({ changed, cancelled }) => changed + cancelled],
  ['under-way', ({ begun, queued }) => begun + queued],
];

/// The cards above the list; `onChange` hears that jobs were acted on.
export class Progress {
  #client;
  #onChange;
  #timer = 0;
  #cards = new Map();
  #states = new Map();
  #told = '';

  constructor(client, onChange) {
    this.#client = client;
    this.#onChange = onChange;
  }

  /// Reads the actions, now and again and again.
  async look() {
    clearTimeout(this.#timer);
    let goesOn = true;
    try {
      const { items } = await this.#client.get(`${LIST}?limit=${SHOWN}`);
      goesOn = items.some(isUnderWay);
      this.#show(items.filter((action) => isUnderWay(action) || action.state === 'paused' || isFresh(action)));
    } catch {
      // The list below tells that the server is away; these are asked again.
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), goesOn && !document.hidden ? OFTEN : SELDOM);
  }

  #show(actions) {
    for (const [id, card] of this.#cards) {
      if (actions.some((action) => action.id === id)) continue;
      card.remove();
      this.#cards.delete(id);
      this.#states.delete(id);
    }
    for (const action of [...actions].reverse()) this.#tell(action);
    find('#actions').hidden = actions.length === 0;
    const told = JSON.stringify(actions.map(({ counts }) => counts));
    if (this.#told && told !== this.#told) this.#onChange();
    this.#told = told;
  }

  /// A card stays the same element, so that whoever rests on a button keeps it; its parts are made anew if they changed.
  #tell(action) {
    const state = JSON.stringify(action);
    let card = this.#cards.get(action.id);
    if (!card) {
      card = el('li', { className: 'action panel', data: { id: action.id } });
      this.#cards.set(action.id, card);
      find('#action-cards').prepend(card);
    }
    if (this.#states.get(action.id) === state) return;
    const pressed = card.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    this.#states.set(action.id, state);
    card.replaceChildren(...this.#partsOf(action));
    if (pressed) (find(`[data-act="${pressed}"]`, card) ?? find('button', card))?.focus();
  }

  #partsOf(action) {
    const [look, words] = STATES[action.state];
    const ends = { attrs: { role: 'status' }, className: 'action-cause' };
    return [
      el('div', { className: 'action-head' },
        el('h3', {}, `${VERBS[action.action]} ${plural(action.counts.all, 'job')}`),
        el('span', { className: `chip ${look}` }, words),
        el('div', { className: 'action-acts' }, this.#buttonsOf(action))),
      bar(action),
      el('p', { className: 'action-counts' }, countsOf(action)),
      action.cause && el('p', ends, `${sentence(action.cause)} Look at them before you resume.`),
      el('p', { className: 'hint' }, `${action.ordered_by}, ${ago(action.created_at)}: “${action.reason}” ${paceOf(action)}`),
    ].filter(Boolean);
  }

  #buttonsOf(action) {
    const act = (label, order, className) => button(label, {
      className: `small ${className}`,
      attrs: { 'data-act': order },
      on: { click: (event) => this.#change(action, order, event.currentTarget) },
    });
    const goesOn = ['canary', 'running'].includes(action.state);
    return [
      goesOn && act('Pause', 'pause', ''),
      action.state === 'paused' && act('Resume', 'resume', 'primary'),
      (goesOn || action.state === 'paused') && act('Stop', 'abort', 'danger'),
    ];
  }

  async #change(action, order, pressed) {
    if (order === 'abort' && !(await confirm({
      title: 'Stop this action?',
      lines: [`${plural(action.counts.waiting, 'job')} that it has not begun stay as they are. What it has done stays done.`],
      action: 'Stop it',
      danger: true,
    }))) return;
    await busy(pressed, async () => {
      try {
        await this.#client.post(`${LIST}/${encodeURIComponent(action.id)}/${order}`);
      } catch (problem) {
        notice(sentence(problem.message), { bad: true });
      }
      await this.look();
    });
  }
}

const isUnderWay = ({ state, counts }) => ['canary', 'running'].includes(state) || counts.begun + counts.queued > 0;

const isFresh = ({ ended_at: ended }) => ended && Date.now() - Date.parse(ended) < KEPT;

/// What became of the jobs, as parts of one bar; the words below it say the same.
function bar({ counts }) {
  let at = 0;
  const rects = PARTS.map(([name, count]) => {
    const width = counts.all ? (WIDTH * count(counts)) / counts.all : 0;
    const rect = svg('rect', { x: at, y: 0, width, height: 10, class: name });
    at += width;
    return rect;
  });
  const done = counts.all - counts.waiting - counts.begun - counts.queued;
  const label = `${done} of ${counts.all} have ended`;
  return svg('svg', { viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: 'none', class: 'action-bar', role: 'img', 'aria-label': label }, rects);
}

function countsOf({ action, counts, credits: sums }) {
  const parts = [
    [counts.succeeded, 'succeeded'],
    [counts.discarded, `deleted (${credits(sums.given_back)} back)`],
    [counts.failed, 'failed again'],
    [counts.refused, 'refused'],
    [counts.cancelled, 'cancelled'],
    [counts.changed, 'changed meanwhile and left alone'],
    [counts.begun + counts.queued, 'under way'],
    [counts.waiting, 'waiting'],
  ];
  const words = parts.filter(([count]) => count > 0).map(([count, what]) => `${count.toLocaleString('en')} ${what}`);
  const retried = action === 'retry' && micros(sums.retried) > 0n ? `. ${credits(sums.retried)} stay paid for those sent again.` : '';
  return words.length ? `${words.join(' · ')}${retried}` : 'None of the jobs was among the failed ones any more.';
}

function paceOf({ state, rate, canary, counts, done_by: until }) {
  if (state === 'canary' && counts.begun + counts.queued > 0) return `The rest waits for the ends of the first ${canary}.`;
  if (until && counts.waiting) return `${rate} a second: begun in about ${duration(Date.parse(until) - Date.now())}.`;
  return '';
}
