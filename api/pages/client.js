// Speaks to the API: session or token, problem documents, read-your-writes, and repeats that cannot pay twice.

import { Unanswered } from './unanswered.js';

const TIMEOUT = 30_000;
const REPEATS = [400, 1200, 3000];

/// A refusal of the API (`status` above 0), or no answer at all (`status` 0).
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.status = status;
    this.code = document.code ?? '';
    this.fields = document.errors ?? [];
    this.requestId = document.request_id ?? '';
  }
}

/// A client for one role. It comes with the session that this browser keeps, or with a token that is kept for this tab only.
export class Client {
  /// Who is signed in and until when (`sub`, `expires_at`), where the browser keeps the token and no script can read it.
  session = null;
  /// Whom the page shows, since it first knew.
  shown = null;
  #storage;
  #position = null;
  #unanswered;

  constructor(role) {
    this.role = role;
    this.#storage = `cooly.token.${role}`;
    this.onUnauthenticated = () => {};
    this.#unanswered = new Unanswered(role, () => this.caller);
  }

  get token() {
    return sessionStorage.getItem(this.#storage);
  }

  set token(token) {
    if (token) sessionStorage.setItem(this.#storage, token);
    else sessionStorage.removeItem(this.#storage);
  }

  /// Who it speaks for: for display only, the server decides.
  get caller() {
    return (this.token ? this.#claims.sub : this.session?.sub) ?? '';
  }

  /// When one has to sign in again, or null.
  get expiresAt() {
    const ends = this.token ? (this.#claims.exp ?? NaN) * 1000 : Date.parse(this.session?.expires_at);
    return Number.isNaN(ends) ? null : new Date(ends);
  }

  /// What this browser and this server know: who is signed in here, and whether tokens are handed out.
  async here() {
    return (await this.#repeated('GET', '/session', {})).json();
  }

  /// Exchanges a token for a session, and returns it. It is for this client's role, or refused.
  async exchange(token) {
    const headers = { Authorization: `Bearer ${token}`, 'Cooly-Session': this.role };
    return (await this.#fetch('POST', '/session', { headers })).json();
  }

  /// Forgets whoever was signed in.
  leave() {
    this.token = null;
    this.session = null;
  }

  get #claims() {
    try {
      const body = this.token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
      const bytes = Uint8Array.from(atob(body), (character) => character.codePointAt(0));
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      return {};
    }
  }

  get #credentials() {
    if (this.token) return { Authorization: `Bearer ${this.token}` };
    // Whom this page shows: should somebody else have signed in since, in another tab, nothing is done as that person.
    const whose = this.session?.sub ? `; sub=${encodeURIComponent(this.session.sub)}` : '';
    return { 'Cooly-Session': `${this.role}${whose}` };
  }

  get(path, options) {
    return this.#json('GET', path, options);
  }

  /// With `once` the call has an idempotency key: a lost answer is asked for again, and as long as there is none, the
  /// same call keeps its key, over reloads too.
  async post(path, body, { once = false, ...options } = {}) {
    if (!once) return this.#json('POST', path, { body, ...options });
    const key = this.#unanswered.key(path, body);
    try {
      const answer = await this.#json('POST', path, { body, key, ...options });
      this.#unanswered.settle(path, body);
      return answer;
    } catch (problem) {
      if (isAnswer(problem)) this.#unanswered.settle(path, body);
      throw problem;
    }
  }

  /// The body of the newest call of `once` to this path that was never answered, or null.
  unanswered(path) {
    return this.#unanswered.newest(path);
  }

  delete(path, options) {
    return this.#json('DELETE', path, options);
  }

  /// The bytes of a picture or clip.
  async blob(path) {
    return (await this.#fetch('GET', path, {})).blob();
  }

  /// An open answer, for a stream of events.
  stream(path, headers, signal) {
    return this.#fetch('GET', path, { headers, signal, timeout: 0 });
  }

  async #json(method, path, options = {}) {
    const response = await this.#repeated(method, path, options);
    this.#position = response.headers.get('Ledger-Position') ?? this.#position;
    const data = response.status === 204 ? null : await response.json();
    return options.withPosition ? { data, position: response.headers.get('Ledger-Position') } : data;
  }

  /// Only what has a key, or changes nothing, is sent again: the same key cannot have two effects.
  async #repeated(method, path, asked) {
    // Of one person, however often it is sent: somebody else may sign in meanwhile.
    const options = { credentials: this.#credentials, ...asked };
    const waits = method === 'GET' || options.key ? REPEATS : [];
    for (const wait of waits) {
      try {
        return await this.#fetch(method, path, options);
      } catch (problem) {
        if (options.signal?.aborted || ![0, 503, 504].includes(problem.status)) throw problem;
        await new Promise((done) => setTimeout(done, wait * (0.75 + Math.random() / 2)));
      }
    }
    return this.#fetch(method, path, options);
  }

  async #fetch(method, path, { body, key, headers = {}, signal, timeout = TIMEOUT, credentials = this.#credentials }) {
    const all = { Accept: 'application/json', ...credentials, ...headers };
    if (body !== undefined) all['Content-Type'] = 'application/json';
    if (key) all['Idempotency-Key'] = key;
    if (method === 'GET' && this.#position) all['Ledger-Position'] = this.#position;
    const signals = [signal, timeout ? AbortSignal.timeout(timeout) : null].filter(Boolean);
    const init = { method, headers: all, body: body && JSON.stringify(body), signal: AbortSignal.any(signals) };
    let response;
    try {
      response = await fetch(path, { ...init, cache: 'no-store', credentials: 'same-origin' });
    } catch (error) {
      const detail = 'The server cannot be reached. Check the connection and try again.';
      throw Object.assign(new Problem(0, { detail, code: 'unreachable' }), { cause: error });
    }
    if (response.ok) return response;
    const problem = new Problem(response.status, await response.json().catch(() => ({})));
    if (problem.status === 401) {
      problem.message = 'Your session has ended. Sign in again.';
      this.onUnauthenticated(problem);
    }
    throw problem;
  }
}

/// Whether it is known now that nothing was done. Without an answer, or with one about the server's own trouble, the
/// call may have been carried out.
const isAnswer = ({ status }) => status >= 400 && status < 500 && ![401, 408, 429].includes(status);

/// A token of the demo key, where the server gives one out; null where it does not.
export async function devToken(role) {
  const headers = { 'Content-Type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify({ role }), signal: AbortSignal.timeout(TIMEOUT) };
  const response = await fetch('/dev/token', init);
  return response.ok ? (await response.json()).token : null;
}
