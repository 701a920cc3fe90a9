// The form: what to make, what it will cost, and the click that makes it.

import { el, find } from './dom.js';
import { busy } from './notices.js';
import { moreCredits } from './studio-top-up.js';
import { amount, credits, micros, plural, sentence } from './words.js';

const SHAPES = [
  { name: 'Square', width: 1, height: 1 },
  { name: 'Portrait', width: 0.75, height: 1 },
  { name: 'Landscape', width: 1, height: 0.75 },
  { name: 'Wide', width: 1, height: 0.5625 },
];
const LONGEST_SIDE = { image: 768, video: 512 };
const USUAL_SECONDS = 3;
const PROMPT_LIMIT = 4000;
const NEARLY_FULL = 3600;
const MOST_LINES = 100;
const LONGEST_LINES = 200_000;
const ADDRESS = '/v1/generations';
const BATCH = '/v1/generations/batch';

const prompt = find('#prompt');
const several = find('#several');
const count = find('#count');
const seconds = find('#seconds');
const problem = find('#problem');

/// The form for one user. `onCreated(generations, balance, position)` gets what was accepted at once.
export class Composer {
  #client;
  #onCreated;
  #models = [];
  #model = null;
  #shape = SHAPES[0];
  #available = null;
  #topUp;

  constructor(client, onCreated) {
    this.#client = client;
    this.#onCreated = onCreated;
    find('#composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    find('#composer').addEventListener('input', () => {
      problem.textContent = '';
      this.#show();
    });
    find('#fewer').addEventListener('click', () => this.#step(-1));
    find('#more').addEventListener('click', () => this.#step(1));
    addEventListener('keydown', (event) => {
      const elsewhere = document.querySelector('dialog[open]') || find('#composer').checkVisibility?.() === false;
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || elsewhere) return;
      event.preventDefault();
      find('#composer').requestSubmit();
    });
    find('#shapes').replaceChildren(...SHAPES.map((shape) => this.#shapeChoice(shape)));
  }

  /// Shows the models on offer and takes the first.
  offer(models) {
    const kept = this.#model?.id;
    this.#models = models;
    find('#models').replaceChildren(...models.map((model) => this.#modelChoice(model)));
    this.#choose(models.find(({ id }) => id === kept) ?? models[0]);
  }

  /// What the user can spend, so that the form can say beforehand that it will not do.
  set available(value) {
    this.#available = micros(value);
    this.#show();
  }

  /// Where there are more credits, if anybody knows.
  set topUp(url) {
    this.#topUp = url;
    this.#show();
  }

  /// Fills the form with another generation's wishes.
  fill({ prompt: words, model, count: many = 1, params = {} }) {
    several.checked = false;
    prompt.value = words;
    const known = this.#models.find(({ id }) => id === model);
    if (known) this.#choose(known);
    count.value = Math.min(many, Number(count.max));
    if (params.seconds) seconds.value = params.seconds;
    this.#show();
    prompt.focus();
  }

  /// Puts back what was asked for before a reload and never answered.
  resume() {
    const batch = this.#client.unanswered(BATCH)?.items;
    const request = batch?.[0] ?? this.#client.unanswered(ADDRESS);
    if (!request) return;
    this.fill(request);
    if (batch) {
      several.checked = true;
      prompt.value = batch.map((item) => item.prompt).join('\n');
    }
    this.#shape = SHAPES.find((shape) => this.#isSize(shape, request.params)) ?? this.#shape;
    find('#shapes').replaceChildren(...SHAPES.map((shape) => this.#shapeChoice(shape)));
    this.#show();
    problem.textContent = 'This was sent and got no answer. Press Generate to ask for the same again: it is paid for once.';
  }

  /// The prompts: all of the text, or each of its lines that says something.
  get #prompts() {
    return this.#texts.filter(Boolean);
  }

  /// The lines that the prompts stand in, from one: empty ones count.
  get #lines() {
    return this.#texts.flatMap((text, before) => (text ? [before + 1] : []));
  }

  get #texts() {
    return (several.checked ? prompt.value.split('\n') : [prompt.value]).map((text) => text.trim());
  }

  title(id) {
    return this.#models.find((model) => model.id === id)?.title ?? id;
  }

  #step(by) {
    count.value = Math.min(Number(count.max), Math.max(1, (Number(count.value) || 1) + by));
    this.#show();
  }

  #choose(model) {
    if (!model) return;
    this.#model = model;
    find(`#models input[value="${CSS.escape(model.id)}"]`).checked = true;
    count.max = model.max_count;
    count.value = Math.min(Number(count.value) || 1, model.max_count);
    if (model.max_seconds) {
      seconds.max = model.max_seconds;
      if (find('#length').hidden) seconds.value = Math.min(USUAL_SECONDS, model.max_seconds);
    }
    find('#length').hidden = !model.max_seconds;
    this.#show();
  }

  get #size() {
    return this.#sizeOf(this.#shape);
  }

  #isSize(shape, { width, height } = {}) {
    const size = this.#sizeOf(shape);
    return size.width === width && size.height === height;
  }

  #sizeOf(shape) {
    const side = Math.min(this.#model.max_side, LONGEST_SIDE[this.#model.kind] ?? this.#model.max_side);
    const eighths = (share) => Math.max(64, Math.round((side * share) / 8) * 8);
    return { width: eighths(shape.width), height: eighths(shape.height) };
  }

  /// The price of all prompts; of a model that is paid by the second, the most that it can be.
  get #cost() {
    const outputs = BigInt(Math.max(1, Math.trunc(Number(count.value)) || 1) * Math.max(1, this.#prompts.length));
    const price = micros(this.#model.price) * outputs;
    return this.#isHeld ? price * BigInt(seconds.value) : price;
  }

  get #isHeld() {
    return isBySecond(this.#model);
  }

  #show() {
    if (!this.#model) return;
    const { width, height } = this.#size;
    find('#pixels').textContent = `${width} × ${height}`;
    find('#seconds-words').textContent = `${seconds.value} s`;
    find('#cost').textContent = this.#isHeld ? `up to ${credits(this.#cost)}` : credits(this.#cost);
    find('#cost').title = this.#isHeld ? 'Held until it is done; what it does not cost comes back.' : '';
    find('#fewer').disabled = Number(count.value) <= 1;
    find('#more').disabled = Number(count.value) >= Number(count.max);
    const short = this.#available !== null && this.#cost > this.#available;
    find('#short').hidden = !short;
    if (short) {
      const words = `You have ${amount(this.#available)} of the ${credits(this.#cost)} that this ${this.#isHeld ? 'may cost' : 'costs'}.`;
      find('#short').replaceChildren(words, ' ', moreCredits(this.#topUp));
    }
    const many = this.#prompts.length;
    find('#generate-words').textContent = several.checked && many > 1 ? `Generate ${plural(many, 'prompt')}` : 'Generate';
    prompt.maxLength = several.checked ? LONGEST_LINES : PROMPT_LIMIT;
    const length = Array.from(prompt.value).length;
    find('#prompt-left').hidden = several.checked || length < NEARLY_FULL;
    find('#prompt-left').textContent = `${PROMPT_LIMIT - length} characters left`;
  }

  #request(words) {
    const { id: model, kind, max_seconds: clip } = this.#model;
    const params = { ...this.#size, ...(clip && { seconds: Number(seconds.value) }) };
    return { model, kind, prompt: words, count: Number(count.value), params };
  }

  /// Buys all prompts or none, and returns what was bought.
  async #buy(prompts) {
    const options = { once: true, withPosition: true };
    if (prompts.length > 1) {
      const items = prompts.map((words) => this.#request(words));
      const { data: { items: generations, balance }, position } = await this.#client.post(BATCH, { items }, options);
      return { generations, balance, position };
    }
    const { data: { balance, ...generation }, position } = await this.#client.post(ADDRESS, this.#request(prompts[0]), options);
    return { generations: [generation], balance, position };
  }

  /// However often the network or the user makes us ask for what has no answer yet, it is paid for once.
  #submit() {
    problem.textContent = '';
    const [prompts, lines] = [this.#prompts, this.#lines];
    if (!prompts.length) return prompt.focus();
    if (prompts.length > MOST_LINES) {
      problem.textContent = `These are ${prompts.length} prompts, and ${MOST_LINES} can be asked for at once.`;
      return undefined;
    }
    return busy(find('#generate'), async () => {
      try {
        const { generations, balance, position } = await this.#buy(prompts);
        this.#onCreated(generations, balance, position);
      } catch (error) {
        problem.textContent = words(error, lines);
        problem.scrollIntoView({ block: 'nearest' });
        find('#short').hidden = true;
      }
    });
  }

  #modelChoice(model) {
    const radio = el('input', {
      type: 'radio', name: 'model', value: model.id, on: { change: () => this.#choose(model) },
    });
    return el('label', { className: 'model', title: model.description },
      radio,
      el('span', { className: 'model-title' }, model.title),
      el('span', { className: 'model-price' }, isBySecond(model) ? `${credits(model.price)} a second` : credits(model.price)),
      el('span', { className: 'model-words' }, sentence(model.description)));
  }

  #shapeChoice(shape) {
    const radio = el('input', {
      type: 'radio', name: 'shape', checked: shape === this.#shape, on: { change: () => { this.#shape = shape; this.#show(); } },
    });
    const drawing = el('span', { className: `shape-drawing ${shape.name.toLowerCase()}`, attrs: { 'aria-hidden': 'true' } });
    return el('label', { className: 'shape' }, radio, drawing, shape.name);
  }
}

const isBySecond = (model) => model.pricing === 'per_second';

function words(error, lines) {
  if (error.code === 'credits_insufficient') return `Not enough credits. ${sentence(error.message)}`;
  if (error.fields?.length) return error.fields.map(({ field, message }) => sentence(`${named(field, lines)} ${message}`)).join(' ');
  return sentence(error.message);
}

/// A field of a batch by the line that it is about: `items[2].prompt` is the prompt in the third line that has one.
const named = (field, lines) => field.replace(/^items\[(\d+)\]\./, (_, place) => `line ${lines[place]}: `);
