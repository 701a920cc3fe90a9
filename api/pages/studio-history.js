// The list of generations: its pages, what is looked for in it, and what comes in while somebody looks at it.

import { find } from './dom.js';
import { offerExport } from './export.js';
import { notice } from './notices.js';
import { HistoryFilters } from './studio-filters.js';
import { plural, sentence } from './words.js';

const LIST = '/v1/generations';
const PAGE = 24;

/// Fills `gallery` with what is looked for. What comes in from elsewhere waits behind a button, so that nothing moves under
/// the pointer.
export class History {
  #client;
  #gallery;
  #filters = new HistoryFilters(() => this.#anew());
  #cursor = null;
  #isPaged = false;
  #isLoaded = false;
  #turn = 0;
  #waiting = new Map();

  constructor(client, gallery) {
    this.#client = client;
    this.#gallery = gallery;
    find('#older').addEventListener('click', () => this.#older());
    find('#fresh').addEventListener('click', () => this.#showWaiting());
    offerExport(find('#history-export'), client, () => ({ path: LIST, query: this.#filters.query, problem: this.#filters.problem }));
  }

  offer(models) {
    this.#filters.offer(models);
  }

  /// Reads the newest page, for what happened while no stream was open.
  async refresh() {
    find('#history-problem').textContent = this.#filters.problem;
    if (this.#filters.problem) return;
    const turn = this.#turn;
    try {
      const page = await this.#page('', turn);
      if (!page) return;
      for (const generation of page.items) this.#takeIn(generation, page.moment);
      if (!this.#isPaged) this.#goesOn(page);
      this.#isLoaded = true;
      this.#showNothing();
    } catch (problem) {
      if (this.#isLoaded || turn !== this.#turn) console.debug('the list cannot be read', problem.message);
      else find('#history-problem').textContent = sentence(problem.message);
    }
  }

  /// Takes in what the stream tells. Returns the status that it had before, null if it is new, undefined if it is old news.
  heard(generation, position) {
    return this.#takeIn(generation, this.#gallery.now(), position);
  }

  /// Shows what this page has just made, whatever is looked for.
  made(generation, position) {
    this.#waiting.delete(generation.id);
    this.#countWaiting();
    if (!this.#gallery.get(generation.id)) this.#gallery.put(generation, this.#gallery.now(), position);
  }

  #takeIn(generation, moment, position = 0) {
    const isShown = Boolean(this.#gallery.get(generation.id));
    if (!isShown && this.#filters.problem) return null;
    if (isShown || !this.#isLoaded || this.#gallery.isEmpty) {
      if (isShown || this.#filters.matches(generation)) return this.#gallery.put(generation, moment, position);
      return null;
    }
    const known = this.#waiting.get(generation.id);
    if (known && (known.moment > moment || (position && position < known.position))) return undefined;
    if (this.#filters.matches(generation)) this.#waiting.set(generation.id, { generation, moment, position });
    else this.#waiting.delete(generation.id);
    this.#countWaiting();
    return known?.generation.status ?? null;
  }

  async #older() {
    try {
      const page = await this.#page(`&cursor=${encodeURIComponent(this.#cursor)}`, this.#turn);
      if (!page) return;
      this.#isPaged = true;
      for (const generation of page.items) this.#gallery.put(generation, page.moment);
      this.#goesOn(page);
      this.#showNothing();
    } catch (problem) {
      notice(sentence(problem.message), { bad: true });
    }
  }

  /// A page of the list; nothing if something else is looked for by the time that it comes.
  async #page(cursor, turn) {
    const moment = this.#gallery.now();
    const page = await this.#client.get(`${LIST}?limit=${PAGE}${this.#filters.query}${cursor}`);
    return turn === this.#turn ? { ...page, moment } : null;
  }

  #goesOn({ next_cursor: next, searched_until: until }) {
    this.#cursor = next;
    find('#older').hidden = !next;
    find('#older').textContent = until ? 'Search further back' : 'Show older';
    find('#searched').hidden = !until;
    if (until) find('#searched').textContent = `Searched back to ${new Date(until).toLocaleString()}; there are older ones.`;
  }

  #anew() {
    this.#turn += 1;
    this.#isLoaded = false;
    this.#isPaged = false;
    this.#waiting.clear();
    this.#countWaiting();
    this.#goesOn({ next_cursor: null });
    this.#gallery.clear();
    for (const place of [find('#nothing'), find('#empty')]) place.hidden = true;
    return this.refresh();
  }

  #showNothing() {
    const isEmpty = this.#gallery.isEmpty;
    find('#empty').hidden = !isEmpty || this.#filters.any;
    find('#nothing').hidden = !isEmpty || !this.#filters.any || Boolean(this.#cursor);
    if (this.#filters.any) find('#status').textContent = isEmpty ? 'Nothing found.' : `${plural(this.#gallery.size, 'generation')} shown.`;
  }

  #countWaiting() {
    const many = this.#waiting.size;
    find('#fresh').hidden = !many;
    find('#fresh').textContent = `Show ${plural(many, 'new one')}`;
  }

  #showWaiting() {
    for (const { generation, moment, position } of this.#waiting.values()) this.#gallery.put(generation, moment, position);
    const [newest] = [...this.#waiting.keys()].sort().reverse();
    this.#waiting.clear();
    this.#countWaiting();
    this.#gallery.focus(newest);
  }
}
