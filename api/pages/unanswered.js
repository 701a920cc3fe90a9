// What was asked for and not answered yet. Its idempotency key is kept with it, over reloads too: whoever asks for the
// same again asks under the same key, and pays once.

const KEPT = 24 * 3_600_000;

/// The unanswered requests of one role in this tab; `caller()` tells whose.
export class Unanswered {
  #place;
  #caller;

  constructor(role, caller) {
    this.#place = `cooly.unanswered.${role}`;
    this.#caller = caller;
  }

  /// The key of this request: the one under which it was sent before, if no answer has come since.
  key(path, body) {
    const all = this.#all();
    const known = all.find((other) => this.#isSame(other, path, body));
    if (known) return known.key;
    const key = crypto.randomUUID();
    this.#keep([...all, { caller: this.#caller(), path, body: text(body), key, at: Date.now() }]);
    return key;
  }

  /// It was answered, in whatever way: the same once more is another request.
  settle(path, body) {
    this.#keep(this.#all().filter((other) => !this.#isSame(other, path, body)));
  }

  /// The body of the newest request to this path that has no answer, or null.
  newest(path) {
    const last = this.#all().findLast((other) => other.path === path && other.caller === this.#caller());
    return last ? JSON.parse(last.body) : null;
  }

  #isSame(other, path, body) {
    return other.caller === this.#caller() && other.path === path && other.body === text(body);
  }

  #all() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.#place) ?? '[]');
      return kept.filter(({ at }) => Date.now() - at < KEPT);
    } catch {
      return [];
    }
  }

  #keep(all) {
    if (all.length) sessionStorage.setItem(this.#place, JSON.stringify(all));
    else sessionStorage.removeItem(this.#place);
  }
}

const text = (body) => JSON.stringify(body ?? null);
