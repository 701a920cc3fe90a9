// One event with everything that is hashed, and its proof to take home.

import { save } from './download.js';
import { button, el, find } from './dom.js';
import { closeOnBackdrop } from './notices.js';
import { amount } from './words.js';

const dialog = find('#event');

const FIELDS = [
  ['position', 'Position'],
  ['account_id', 'Account'],
  ['stream_id', 'Stream'],
  ['version', 'Version'],
  ['event_id', 'Event'],
  ['job_id', 'Generation'],
  ['actor', 'Actor'],
  ['request_id', 'Request'],
  ['causation_id', 'Caused by'],
  ['occurred_at', 'Happened'],
  ['recorded_at', 'Recorded'],
  ['prev_hash', 'Hash before'],
  ['hash', 'Hash'],
];

/// The drawer with an event.
export class EventPanel {
  #client;

  constructor(client) {
    this.#client = client;
    closeOnBackdrop(dialog);
  }

  open(event) {
    find('#event-title').textContent = event.type;
    const money = event.amount === null ? [] : [['Change', amount(event.amount)], ['Balance after', amount(event.balance_after)]];
    const known = FIELDS.filter(([name]) => event[name] !== null).map(([name, words]) => [words, String(event[name])]);
    const list = [...money, ...known].flatMap(([words, value]) => [el('dt', {}, words), el('dd', {}, value)]);
    const proof = button('Download its proof', { icon: 'down', className: 'primary', on: { click: () => this.#prove(event, proof) } });
    find('#event-body').replaceChildren(
      el('dl', { className: 'facts' }, list),
      el('h3', {}, 'What was recorded'),
      el('pre', { className: 'payload', tabIndex: 0 }, JSON.stringify(event.payload, null, 2)),
      el('h3', {}, 'Proof'),
      el('p', { className: 'hint' }, 'Shows that this event is under a signed seal. It can be checked anywhere, without this server and without a database:'),
      el('pre', { className: 'payload', tabIndex: 0 }, `cooly proof verify ${fileName(event)} --trust KEY`),
      proof);
    dialog.showModal();
  }

  #prove(event, pressed) {
    return save(this.#client, `/audit/events/${event.position}/proof`, fileName(event), pressed);
  }
}

const fileName = ({ position }) => `cooly-proof-${position}.json`;
