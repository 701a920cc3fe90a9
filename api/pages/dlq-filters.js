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
  #unreadable = [];

  constructor(onChange) {
    this.#onChange = onChange;
    const address = new URLSearchParams(location.search);
    for (const name of FIELDS) form.elements[name].value = address.get(name) ?? '';
    this.#unreadable = [...address].filter(([name, value]) => !isReadable(name, value)).map((pair) => pair.join('='));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#changed(0);
    });
    form.addEventListener('input', () => this.#changed(TYPING));
    form.addEventListener('reset', () => this.#changed(0));
    if (!this.#unreadable.length) this.#mark();
    find('#clear').hidden = !this.any;
  }

  /// What is wrong with the address, or nothing. A filter that cannot be read is never left out: that would show more
  /// than was asked for.
  get problem() {
    if (!this.#unreadable.length) return '';
    return `This address has a filter that does not exist: ${this.#unreadable.join(', ')}. Choose a filter or clear them all.`;
  }

  get #set() {
    return FIELDS.map((name) => [name, form.elements[name].value.trim()]).filter(([, value]) => value);
  }

  get any() {
    return this.#set.length > 0 || this.#unreadable.length > 0;
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
      this.#unreadable = [];
      this.#mark();
      this.#onChange();
    }, wait);
  }

  #mark() {
    find('#clear').hidden = !this.any;
    inAddress((address) => [...new Set([...address.keys(), ...FIELDS])].filter((name) => name !== 'job').forEach((name) => {
      const [, value] = this.#set.find(([set]) => set === name) ?? [];
      if (value) address.set(name, value);
      else address.delete(name);
    }));
  }
}

/// Whether the form took the value as it stands in the address.
function isReadable(name, value) {
  return name === 'job' || (FIELDS.includes(name) && form.elements[name].value === value);
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
