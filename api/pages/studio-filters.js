// What is looked for in the history: kept in the form and in the address, so that it can be shared and survives a reload.

import { el, find } from './dom.js';

const FIELDS = ['q', 'status', 'model', 'from', 'to'];
const LONGEST = { q: 100, model: 255 };
const TYPING = 300;

const form = find('#history-filters');
const field = (name) => form.elements[name];

/// The filters of the history; `onChange` hears every change.
export class HistoryFilters {
  #onChange;
  #timer = 0;
  #unreadable = [];

  constructor(onChange) {
    this.#onChange = onChange;
    const address = new URLSearchParams(location.search);
    for (const name of FIELDS) {
      const value = address.get(name) ?? '';
      if (name === 'model') this.#offer(value, value);
      field(name).value = value;
    }
    this.#unreadable = [...address].filter(([name, value]) => !isOfLinks(name) && !isReadable(name, value)).map((pair) => pair.join('='));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#changed(0);
    });
    form.addEventListener('input', () => this.#changed(TYPING));
    form.addEventListener('reset', () => this.#changed(0));
    find('#history-clear').disabled = !this.any;
  }

  /// What is wrong, or nothing. What cannot be read is never left out: that would show more than was asked for.
  get problem() {
    if (this.#unreadable.length) return `This address has a filter that does not exist: ${this.#unreadable.join(', ')}. Choose a filter or clear them all.`;
    const { from, to } = Object.fromEntries(this.#set);
    return from && to && from > to ? 'The first day is after the last one.' : '';
  }

  get any() {
    return this.#set.length > 0 || this.#unreadable.length > 0;
  }

  get #set() {
    return FIELDS.map((name) => [name, field(name).value.trim()]).filter(([, value]) => value);
  }

  /// As the API takes it: days are those of the viewer, the last one included.
  get #asked() {
    const { from, to, ...asked } = Object.fromEntries(this.#set);
    return { ...asked, ...(from && { from: midnight(from, 0) }), ...(to && { until: midnight(to, 1) }) };
  }

  /// The filters as the rest of a query: `&q=fox&status=failed`, or nothing.
  get query() {
    return Object.entries(this.#asked).map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('');
  }

  /// Whether a generation that was heard of is looked for.
  matches({ status, model, prompt, created_at: at }) {
    const asked = this.#asked;
    return (!asked.status || asked.status === status)
      && (!asked.model || asked.model === model)
      && (!asked.from || Date.parse(at) >= Date.parse(asked.from))
      && (!asked.until || Date.parse(at) < Date.parse(asked.until))
      && (!asked.q || prompt.toLowerCase().includes(asked.q.toLowerCase()));
  }

  /// The models that can be chosen, by their titles.
  offer(models) {
    for (const { id, title } of models) this.#offer(id, title);
  }

  #offer(id, title) {
    if (!id) return;
    const known = [...field('model').options].find(({ value }) => value === id);
    if (known) known.textContent = title;
    else field('model').append(el('option', { value: id }, title));
  }

  #changed(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#unreadable = [];
      const address = new URL(location.href);
      address.search = new URLSearchParams(this.#set);
      history.replaceState(null, '', address);
      find('#history-clear').disabled = !this.any;
      this.#onChange();
    }, wait);
  }
}

/// Whether it tells where a visitor came from, as links in mails and advertisements do: no filter has such a name.
function isOfLinks(name) {
  return /^(utm_.*|ref|gclid|fbclid|msclkid)$/.test(name);
}

/// Whether the form took the value as it stands in the address.
function isReadable(name, value) {
  return FIELDS.includes(name) && field(name).value === value && value.length <= (LONGEST[name] ?? value.length);
}

/// The first moment of a day of the viewer, or of the day that comes so many later.
function midnight(day, later) {
  const [year, month, date] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}
