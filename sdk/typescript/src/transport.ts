// Carries calls to the server: one attempt after the other, until one is answered or no further one may be made.
import type { Source } from "./body.js";
import { type Answer, answerOf, Call } from "./call.js";
import { Download } from "./download.js";
import { ApiError, ConnectionError, CoolyError, TimeoutError } from "./errors.js";
import { EventStream } from "./event-stream.js";
import { keyOf } from "./idempotency.js";
import { Lines } from "./lines.js";
import { type Operation, queryOf } from "./operation.js";
import type { CallOptions, RequestOptions, TokenSource } from "./options.js";
import { Paged } from "./paging.js";
import type { LedgerPosition } from "./position.js";
import { errorOf } from "./problems.js";
import { headersOf } from "./request-headers.js";
import { mayRepeat, pause, pauseBefore } from "./retry.js";
import { type Settings, tokenOf } from "./settings.js";
import { bodyOf, isResendable } from "./upload.js";

// A stream that was open outlasts an outage of about a minute.
const RECONNECTIONS = 10;

type Read<T> = (response: Response) => Promise<T>;

/** A call with all that its attempts have in common. */
interface Sending<T> {
  operation: Operation;
  options: CallOptions;
  headers: Headers;
  key: string | undefined;
  read: Read<T>;
}

export class Transport {
  readonly position: LedgerPosition;
  readonly #settings: Settings;
  readonly #token: TokenSource | undefined;

  constructor(settings: Settings, position: LedgerPosition, token: TokenSource | undefined) {
    this.position = position;
    this.#settings = settings;
    this.#token = token;
  }

  /** The same for another caller, who sees what this one wrote. */
  as(token: TokenSource): Transport {
    return new Transport({ ...this.#settings, user: undefined }, this.position, token);
  }

  /** The same for this user. */
  onBehalfOf(user: string): Transport {
    return new Transport({ ...this.#settings, user }, this.position, this.#token);
  }

  // Some operations answer with one of several types, which their signatures tell apart.
  // biome-ignore lint/suspicious/noExplicitAny: the generated signature says what it is.
  json(operation: Operation, options?: CallOptions): Call<any> {
    return new Call(this.#answer(operation, options, (response) => jsonOf(response, operation.id)));
  }

  text(operation: Operation, options?: CallOptions): Call<string> {
    return new Call(this.#answer(operation, options, (response) => response.text()));
  }

  pages<Item, Page>(operation: Operation, field: string, options?: CallOptions): Paged<Item, Page> {
    const fetch = async (cursor: string | undefined): Promise<Page> => {
      const query = cursor === undefined ? operation.query : { ...operation.query, cursor };
      return await this.json({ ...operation, query }, options);
    };
    return new Paged<Item, Page>(fetch, (page) => (page as Record<string, Item[]>)[field] ?? []);
  }

  // biome-ignore lint/suspicious/noExplicitAny: null only where the signature says so.
  async download(operation: Operation, options?: CallOptions): Promise<any> {
    const { data, status } = await this.#answer(operation, options, async (response) => response, "*/*");
    return status === 304 ? null : new Download(sourceOf(operation, data, options?.signal));
  }

  async lines<T>(operation: Operation, isLast: (line: T) => boolean, options?: CallOptions): Promise<Lines<T>> {
    const { data } = await this.#answer(operation, options, async (response) => response, "application/x-ndjson");
    return new Lines(sourceOf(operation, data, options?.signal), isLast);
  }

  events<T>(operation: Operation, options?: CallOptions): Promise<EventStream<T>> {
    let opened = false;
    const connect = async (lastEventId: string | undefined, signal: AbortSignal): Promise<Source> => {
      const retries = options?.retries ?? (opened ? RECONNECTIONS : undefined);
      const how = { ...options, lastEventId, signal, retries };
      const { data } = await this.#answer(operation, how, async (response) => response, "text/event-stream");
      opened = true;
      return sourceOf(operation, data, signal);
    };
    const { backoffMs: pauseMs, silenceMs } = this.#settings;
    const settings = { signal: options?.signal, pauseMs, silenceMs };
    return new EventStream<T>(connect, options?.lastEventId, settings).open();
  }

  async #answer<T>(
    operation: Operation,
    options: CallOptions = {},
    read: Read<T>,
    accept?: string,
  ): Promise<Answer<T>> {
    const key = isKeyed(operation, options) ? keyOf(options.idempotencyKey) : undefined;
    const headers = headersOf(
      operation,
      { ...options, headers: { ...this.#settings.headers, ...options.headers } },
      key,
    );
    headers.set("accept", accept ?? "application/json, application/problem+json, text/plain");
    return this.#repeat({ operation, options, headers, key, read });
  }

  async #repeat<T>(sending: Sending<T>): Promise<Answer<T>> {
    const { operation, options, key } = sending;
    const may = {
      harmless: operation.method === "GET" || key !== undefined || operation.repeatable === true,
      resendable: operation.upload === undefined || isResendable(operation.upload),
    };
    const retries = options.retries ?? this.#settings.retries;
    let renew = false;
    for (let repeat = 0; ; repeat++) {
      try {
        return await this.#attempt(sending, renew);
      } catch (error) {
        if (this.#canRenew(error, renew, may.resendable)) {
          renew = true;
          continue;
        }
        const ms = repeat < retries && mayRepeat(error, may) ? pauseBefore(repeat, error, this.#settings) : undefined;
        if (ms === undefined) throw error;
        await pause(ms, options.signal);
      }
    }
  }

  // A token that a function gave may have expired on its way: nothing was done, and a new one may be accepted.
  #canRenew(error: unknown, renewed: boolean, resendable: boolean): boolean {
    const refused = error instanceof ApiError && error.status === 401;
    return refused && !renewed && resendable && typeof this.#token === "function";
  }

  async #attempt<T>({ operation, options, headers, key, read }: Sending<T>, renew: boolean): Promise<Answer<T>> {
    const init = await this.#init(operation, options, headers, renew);
    const timer = new AbortController();
    const timeoutMs = (options.timeoutMs ?? this.#settings.timeoutMs) + (options.waitMs ?? 0);
    const watch = setTimeout(() => timer.abort(), timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, timer.signal]) : timer.signal;
    try {
      const url = this.#settings.baseUrl + operation.path + queryOf(operation.query);
      const response = await this.#settings.fetch(url, { ...init, signal });
      await this.#check(response, operation, key);
      this.position.reach(response.headers.get("ledger-position"));
      const data = await read(response);
      return answerOf(data, response, key);
    } catch (cause) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (timer.signal.aborted) throw new TimeoutError(operation.id, `no answer within ${timeoutMs} ms.`, key);
      if (cause instanceof CoolyError) throw cause;
      throw new ConnectionError(
        operation.id,
        "no whole answer came: is the server at `baseUrl` reachable?",
        key,
        cause,
      );
    } finally {
      clearTimeout(watch);
    }
  }

  async #init(operation: Operation, options: CallOptions, base: Headers, renew: boolean): Promise<RequestInit> {
    const headers = new Headers(base);
    if (!operation.open) headers.set("authorization", `Bearer ${await tokenOf(this.#token, { renew })}`);
    const position = options.ledgerPosition ?? this.position.value;
    const { user } = this.#settings;
    // What a single call says counts for it.
    if (!operation.open && user !== undefined && !headers.has("cooly-user")) {
      headers.set("cooly-user", encodeURIComponent(user));
    }
    if (operation.positioned && position !== undefined) headers.set("ledger-position", String(position));
    // A redirect would lose the token or the body on its way; it is refused below.
    const init: RequestInit = { method: operation.method, headers, redirect: "manual" };
    if (operation.upload !== undefined)
      return { ...init, body: bodyOf(operation.upload) as BodyInit, duplex: "half" } as RequestInit;
    return operation.body === undefined ? init : { ...init, body: JSON.stringify(operation.body) };
  }

  async #check(response: Response, operation: Operation, key: string | undefined): Promise<void> {
    if (response.ok || response.status === 304) return;
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel();
      throw new CoolyError(
        `${operation.id}: the server redirects elsewhere; set \`baseUrl\` to the address where the API is.`,
      );
    }
    throw await errorOf(response, operation.id, key);
  }
}

// What is done at once and has no record of its own takes no key; a worker's task does.
function isKeyed({ keyed }: Operation, { respondAsync, idempotencyKey }: CallOptions): boolean {
  return keyed === "async" ? respondAsync === true || idempotencyKey !== undefined : keyed === true;
}

async function jsonOf(response: Response, operation: string): Promise<unknown> {
  if (response.status === 304) return null;
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // What it is instead may be anything, so it is not repeated.
    throw new CoolyError(`${operation}: the answer is not JSON; set \`baseUrl\` to the address where the API is.`);
  }
}

function sourceOf({ id }: Operation, response: Response, signal: RequestOptions["signal"]): Source {
  return { operation: id, response, signal };
}
