// The causes of failures, above the jobs themselves: one card each, what matters first.

import { find } from './dom.js';
import { Card } from './dlq-incident-card.js';
import { ago, plural, sentence } from './words.js';

const LIST = '/admin/dlq/incidents';
const SHOWN = 100;

/// The section of cards. `acts` are what the buttons of a card do, called with the incident and the button.
export class Incidents {
  #client;
  #acts;
  #cards = new Map();
  #turn = 0;

  constructor(client, acts) {
    this.#client = client;
    this.#acts = acts;
    find('#incident-news').addEventListener('click', () => this.look({ anew: true }));
    setInterval(() => this.#cards.forEach((card) => card.age()), 10_000);
  }

  /// Reads them. Where somebody points or stands, cards change but none comes, goes or moves: what would is only counted.
  async look({ anew = false } = {}) {
    this.#turn += 1;
    const mine = this.#turn;
    try {
      const list = await this.#client.get(`${LIST}?limit=${SHOWN}`);
      if (mine !== this.#turn) return;
      find('#incidents-problem').textContent = '';
      this.#show(list, anew);
    } catch (problem) {
      if (mine === this.#turn) find('#incidents-problem').textContent = `The incidents cannot be read. ${sentence(problem.message)}`;
    }
  }

  #show(list, anew) {
    const loud = list.items.filter(isLoud);
    const quiet = list.items.filter(({ state }) => state === 'ignored' || state === 'resolved');
    const isHeld = !anew && find('#incidents').matches(':hover, :focus-within') && this.#cards.size > 0;
    if (isHeld) this.#hold(loud);
    else this.#arrange(find('#incident-cards'), loud, find('#quiet-cards'), quiet);
    find('#incidents-none').hidden = loud.length > 0 || isHeld || list.is_being_named;
    find('#incidents-naming').hidden = !list.is_being_named;
    find('#quiet').hidden = quiet.length === 0;
    find('#quiet-title').textContent = `${plural(quiet.length, 'incident')} ignored or resolved`;
    find('#calm').textContent = calmWords(list, loud.length === 0 && !list.is_being_named);
    find('#incidents-more').hidden = !list.next_cursor && !list.total_is_more;
  }

  #hold(loud) {
    for (const incident of loud) this.#cards.get(incident.id)?.tell(incident);
    const isShown = ({ id }) => find('#incident-cards').contains(this.#cards.get(id)?.element ?? null);
    const fresh = loud.filter((incident) => !isShown(incident)).length;
    find('#incident-news').hidden = fresh === 0;
    find('#incident-news').textContent = `${plural(fresh, 'new incident')}: show`;
  }

  /// A card stays the same element wherever it goes, so that whoever stands on one of its buttons keeps it.
  #arrange(place, loud, quietPlace, quiet) {
    find('#incident-news').hidden = true;
    const all = [...loud, ...quiet];
    const kept = new Map(all.map((incident) => [incident.id, this.#cards.get(incident.id) ?? new Card(this.#acts)]));
    for (const [id, card] of this.#cards) if (!kept.has(id)) card.element.remove();
    this.#cards = kept;
    for (const incident of all) kept.get(incident.id).tell(incident);
    inOrder(place, loud.map(({ id }) => kept.get(id).element));
    inOrder(quietPlace, quiet.map(({ id }) => kept.get(id).element));
  }
}

const isLoud = ({ state, jobs }) => state === 'regressed' || (state === 'open' && jobs > 0);

function inOrder(place, elements) {
  elements.forEach((element, at) => {
    if (place.children[at] !== element) place.insertBefore(element, place.children[at] ?? null);
  });
}

function calmWords({ running_again: running, last_failure_at: last }, isCalm) {
  const again = running ? `${plural(running, 'job')} running again` : isCalm && 'nothing waits to be looked at';
  return [again, last ? `last failure ${ago(last)}` : 'no job has ever failed'].filter(Boolean).join(' · ');
}
