// The balance in the bar, and the drawer behind it: the lots in the order in which they are spent, what is held, what was
// spent per day, and the whole history.

import { el, find, time } from './dom.js';
import { offerExport } from './export.js';
import { movement } from './money.js';
import { closeOnBackdrop, notice } from './notices.js';
import { expiringSoon, lotsView } from './studio-lots.js';
import { lowBalance } from './studio-top-up.js';
import { Usage } from './studio-usage.js';
import { ago, amount, credits, excerpt, micros, plural, sentence, spaced } from './words.js';

const HISTORY = '/v1/credits/history';

const SETTLE = 120;

const NAMED = 3;

/// What holds are for: `2 generations, a call and 4 more`.
function purposes(holds) {
  const generations = holds.filter((hold) => hold.generation_id).length;
  const others = holds.filter((hold) => !hold.generation_id).map(({ reason }) => (reason ? excerpt(reason, 60) : 'something'));
  const named = [generations && plural(generations, 'generation'), ...others.slice(0, NAMED)].filter(Boolean);
  const rest = others.length - NAMED;
  return new Intl.ListFormat('en').format(rest > 0 ? [...named, `${rest} more`] : named);
}

/// Balance and drawer of one user. `promptOf(id)` is the prompt of a generation that the page knows, if any;
/// `title(model)` the name of a model that people read; `onBalance(amount)` hears every new balance, `onTopUp(url)` where
/// there are more credits.
export class Credits {
  #client;
  #promptOf;
  #onBalance;
  #onTopUp;
  #usage;
  #cursor = null;
  #timer = 0;
  #drawer = find('#drawer');

  constructor(client, { promptOf, title, onBalance, onTopUp }) {
    this.#client = client;
    this.#usage = new Usage(client, title);
    this.#promptOf = promptOf;
    this.#onBalance = onBalance;
    this.#onTopUp = onTopUp;
    find('#balance').addEventListener('click', () => this.#open());
    find('#history-older').addEventListener('click', () => this.#history());
    offerExport(find('#credits-export'), client, () => ({ path: HISTORY }));
    closeOnBackdrop(this.#drawer);
  }

  /// Shows a balance that an answer brought along.
  show(available) {
    const pill = find('#balance');
    const words = amount(available);
    const place = find('#available');
    if (place.textContent !== words && !pill.hidden) {
      pill.classList.remove('changed');
      requestAnimationFrame(() => pill.classList.add('changed'));
    }
    place.textContent = words;
    find('#available-unit').textContent = words === '1' ? 'credit' : 'credits';
    find('#drawer-available').textContent = words;
    pill.setAttribute('aria-label', `${words} credits. Open the history of your credits`);
    pill.hidden = false;
    this.#onBalance(available);
  }

  /// Asks for the balance soon; many reasons at once make one question.
  refresh() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load().catch(() => {}), SETTLE);
  }

  async load() {
    const account = await this.#client.get('/v1/credits');
    this.show(account.available);
    this.#showParts(account);
    if (this.#drawer.open) await this.#fill();
  }

  /// What stands beside the sum: held credits, those that begin later, those that end soon, and the lots.
  #showParts(account) {
    const { available, held, pending, lots, holds } = account;
    const isHeld = micros(held) > 0n;
    find('#held').hidden = !isHeld;
    find('#held').textContent = ` · ${amount(held)} held`;
    find('#drawer-held').textContent = amount(held);
    for (const place of [find('#drawer-later'), find('#drawer-sum')]) place.hidden = micros(pending) === 0n;
    find('#drawer-pending').textContent = amount(pending);
    find('#drawer-balance').textContent = amount(micros(available) + micros(pending));
    const soon = expiringSoon(account);
    for (const place of [find('#soon'), find('#drawer-soon')]) {
      place.hidden = !soon;
      place.textContent = soon;
    }
    for (const place of [find('#low'), find('#drawer-low')]) {
      place.hidden = !account.is_low;
      place.replaceChildren(...lowBalance(account));
    }
    this.#onTopUp(account.top_up_url);
    find('#lots').replaceChildren(lotsView(lots));
    find('#holds').hidden = !isHeld;
    find('#holds').textContent = `${credits(held)} held for ${purposes(holds)}. What is not spent comes back.`;
  }

  async #open() {
    this.#drawer.showModal();
    try {
      await this.load();
    } catch (problem) {
      notice(sentence(problem.message), { bad: true });
    }
  }

  async #fill() {
    await Promise.all([this.#usage.load(), this.#history({ anew: true })]);
  }

  async #history({ anew = false } = {}) {
    const list = find('#history');
    const cursor = anew || !this.#cursor ? '' : `&cursor=${encodeURIComponent(this.#cursor)}`;
    const { items, next_cursor: next } = await this.#client.get(`${HISTORY}?limit=30${cursor}`);
    const rows = items.map((entry) => this.#entry(entry));
    if (anew) list.replaceChildren(...rows);
    else list.append(...rows);
    if (!list.children.length) list.append(el('li', { className: 'hint' }, 'No credits have moved yet.'));
    this.#cursor = next;
    find('#history-older').hidden = !next;
  }

  #entry(entry) {
    const { balance_after: after, generation_id: id, reason, occurred_at: when } = entry;
    const { name, shown, tone, detail } = movement(entry);
    const about = (id && this.#promptOf(id)) || (reason && sentence(spaced(reason))) || '';
    const words = [about && excerpt(about, 90), detail].filter(Boolean).join(' · ');
    return el('li', { className: tone },
      el('div', {},
        el('strong', {}, name),
        el('p', { className: 'hint' }, words ? `${words} · ` : '', time(when, ago(when)))),
      el('div', { className: 'moved' },
        el('strong', {}, shown),
        el('p', { className: 'hint', title: 'All your lots afterwards, with those that begin later and without what is held' }, `balance ${amount(after)}`)));
  }
}
