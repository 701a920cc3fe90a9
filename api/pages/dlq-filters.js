// What is looked for: kept in the form and in the address, so that it can be shared and survives a reload.

import { showChips } from './dlq-chips.js';
import { find } from './dom.js';

const FIELDS = ['q', 'incident', 'user', 'user_contains', 'model', 'provider', 'kind', 'class', 'code', 'min_attempts', 'min_credits', 'age', 'sort'];
/// Those behind "More filters".
const RARE = ['user_contains', 'provider', 'kind', 'min_attempts', 'min_credits'];
/// Not a filter: the order leaves none out.
const ORDER = 'sort';
const UNITS = { h: 3_600_000, d: 86_400_000 };
const TYPING = 300;
const INCIDENT = /^\d{1,3}-[0-9a-f]{32}$/;

const form = find('#filters');

/// The filters of the page; `onChange` hears every change.
export class Filters {
  #onChange;
  #timer = 0;
  #unreadable = [];
  #incident = '';

  constructor(onChange) {
    this.#onChange = onChange;
    const address = new URLSearchParams(location.search);
    for (const name of FIELDS) this.#put(name, address.get(name) ?? '');
    this.#unreadable = [...address].filter(([name, value]) => !isReadable(name, value)).map((pair) => pair.join('='));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#changed(0);
    });
    form.addEventListener('input', () => this.#changed(TYPING));
    form.addEventListener('reset', () => {
      // The reset of a form leaves hidden fields as they are.
      form.elements.incident.value = '';
      this.#changed(0);
    });
    find('#more-filters').open = this.#set.some(([name]) => RARE.includes(name));
    if (!this.#unreadable.length) this.#mark();
    find('#clear').hidden = !this.any;
  }

  /// What is wrong, or nothing. A filter that cannot be read is never left out: that would show more than was asked for.
  get problem() {
    if (this.#unreadable.length) {
      return `This address has a filter that does not exist: ${this.#unreadable.join(', ')}. Choose a filter or clear them all.`;
    }
    const wrong = [...form.elements].find((field) => field.willValidate && !field.checkValidity());
    return wrong ? `“${wrong.labels[0]?.textContent}” cannot be read: ${wrong.validationMessage}` : '';
  }

  get #set() {
    return FIELDS.map((name) => [name, form.elements[name].value.trim()]).filter(([, value]) => value);
  }

  get any() {
    return this.#set.some(([name]) => name !== ORDER) || this.#unreadable.length > 0;
  }

  /// The filter as the API takes it in a bulk action: amounts as text, counts as numbers.
  get filter() {
    const { age, sort, min_attempts: attempts, ...filter } = Object.fromEntries(this.#set);
    if (attempts) filter.min_attempts = Number(attempts);
    const [, side, many, unit] = /^(newer|older)-(\d+)([hd])$/.exec(age ?? '') ?? [];
    if (!side) return filter;
    const moment = new Date(Date.now() - Number(many) * UNITS[unit]).toISOString();
    return { ...filter, [side === 'newer' ? 'since' : 'until']: moment };
  }

  /// The same in a query, with the order.
  get query() {
    const { sort } = Object.fromEntries(this.#set);
    return new URLSearchParams({ ...this.filter, ...(sort && { sort }) });
  }

  /// In which order: `newest`, `oldest` or `credits`.
  get order() {
    return form.elements.sort.value || 'newest';
  }

  /// Shows only the jobs of this incident, or of all.
  only({ id, title }) {
    this.#incident = title;
    this.#put('incident', id);
    this.#changed(0);
  }

  /// Offers what is there as suggestions.
  suggest(jobs) {
    fill('#models', jobs.map(({ model }) => model));
    fill('#codes', jobs.map(({ failure }) => failure.code));
    fill('#providers', jobs.map(({ provider }) => provider).filter(Boolean));
  }

  #put(name, value) {
    if (name !== 'incident' || !value || INCIDENT.test(value)) form.elements[name].value = value;
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
    showChips(this.#set.filter(([name]) => name !== ORDER), this.#incident, (name) => {
      this.#put(name, '');
      this.#changed(0);
    });
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
