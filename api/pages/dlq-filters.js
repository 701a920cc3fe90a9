// What is looked for: kept in the form and in the address, so that it can be shared and survives a reload.

import { find } from './dom.js';

const FIELDS = ['user', 'model', 'class', 'code', 'age'];
const UNITS = { h: 3_600_000, d: 86_400_000 };
const TYPING = 300;

const form = find('#filters');

/// The filters of the page; `onChange` hears every change.
export class Filters {
  #onChange;
  #timer = 0;

  constructor(onChange) {
    this.#onChange = onChange;
    const address = new URLSearchParams(location.search);
    for (const name of FIELDS) form.elements[name].value = address.get(name) ?? '';
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#changed(0);
    });
    form.addEventListener('input', () => this.#changed(TYPING));
    form.addEventListener('reset', () => this.#changed(0));
    this.#mark();
  }

  get #set() {
    return FIELDS.map((name) => [name, form.elements[name].value.trim()]).filter(([, value]) => value);
  }

  get any() {
    return this.#set.length > 0;
  }

  /// The filter as the API takes it, in a query and in a bulk action alike.
  get filter() {
    const { age, ...filter } = Object.fromEntries(this.#set);
    const [, side, many, unit] = /^(newer|older)-(\d+)([hd])$/.exec(age ?? '') ?? [];
    if (!side) return filter;
    const moment = new Date(Date.now() - Number(many) * UNITS[unit]).toISOString();
    return { ...filter, [side === 'newer' ? 'since' : 'until']: moment };
  }

  /// Offers what is there as suggestions.
  suggest(jobs) {
    fill('#models', jobs.map(({ model }) => model));
    fill('#codes', jobs.map(({ failure }) => failure.code));
  }

  #changed(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#mark();
      this.#onChange();
    }, wait);
  }

  #mark() {
    find('#clear').hidden = !this.any;
    inAddress((address) => FIELDS.forEach((name) => {
      const [, value] = this.#set.find(([set]) => set === name) ?? [];
      if (value) address.set(name, value);
      else address.delete(name);
    }));
  }
}

/// Changes the query of the address, without a new entry in the history.
export function inAddress(change) {
  const address = new URL(location.href);
  change(address.searchParams);
  history.replaceState(null, '', address);
}

function fill(list, values) {
  const options = [...new Set(values)].sort();
  if (find(list).dataset.seen === options.join()) return;
  find(list).dataset.seen = options.join();
  find(list).replaceChildren(...options.map((value) => Object.assign(document.createElement('option'), { value })));
}
