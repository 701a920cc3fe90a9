// The cards: the newest state of every generation, whichever way it came.

import { find } from './dom.js';
import { card, tick, update } from './studio-card.js';
import { forget } from './studio-pictures.js';

/// The generations of the page. Answers overtake each other, so each carries the moment at which it was asked for: what
/// came in since then is newer, and an old answer changes nothing.
export class Gallery {
  #acts;
  #entries = new Map();
  #list = find('#cards');
  #moment = 0;

  constructor(acts) {
    this.#acts = acts;
    setInterval(() => tick(this.#list), 1000);
  }

  /// The moment to give to `put` with the answer to a question asked now.
  now() {
    this.#moment += 1;
    return this.#moment;
  }

  get(id) {
    return this.#entries.get(id)?.generation;
  }

  get size() {
    return this.#entries.size;
  }

  get isEmpty() {
    return this.#entries.size === 0;
  }

  /// Every picture, in the order of the page.
  pictures() {
    const entries = [...this.#entries.values()].sort(newestFirst);
    return entries.flatMap(({ generation: { id, prompt, outputs } }) => outputs.map((output) => ({ id, prompt, output })));
  }

  /// Takes a generation in. Returns the status it had before, or null if it is new, or undefined if it is old news.
  put(generation, moment, position = 0) {
    const known = this.#entries.get(generation.id);
    if (known && (known.moment > moment || (position && position < known.position))) return undefined;
    const before = known?.generation.status ?? null;
    const entry = known ?? { card: card(generation, this.#acts) };
    Object.assign(entry, { generation, moment, position: Math.max(position, known?.position ?? 0) });
    for (const { url } of known?.generation.outputs ?? []) {
      if (!generation.outputs.some((output) => output.url === url)) forget(url);
    }
    if (known) update(entry.card, generation, this.#acts);
    else this.#insert(entry);
    for (const place of [find('#empty'), find('#nothing')]) place.hidden = true;
    return before;
  }

  /// Takes all of them off the page.
  clear() {
    for (const { generation } of this.#entries.values()) generation.outputs.forEach(({ url }) => forget(url));
    this.#entries.clear();
    this.#list.replaceChildren();
  }

  focus(id) {
    this.#entries.get(id)?.card.scrollIntoView({ block: 'nearest' });
  }

  #insert(entry) {
    this.#entries.set(entry.generation.id, entry);
    const after = [...this.#list.children].find((other) => newestFirst(entry, this.#entries.get(other.dataset.id)) < 0);
    this.#list.insertBefore(entry.card, after ?? null);
  }
}

function newestFirst({ generation: a }, { generation: b }) {
  return Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1);
}
