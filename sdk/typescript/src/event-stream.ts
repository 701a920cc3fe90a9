import { type Source, textOf } from "./body.js";
import { ConnectionError, TimeoutError } from "./errors.js";
import { pause } from "./retry.js";
import { eventsOf, type ServerEvent } from "./sse.js";

const MAX_PAUSE_MS = 30_000;

/** Opens the stream after this event; ends with `signal`. */
export type Connect = (lastEventId: string | undefined, signal: AbortSignal) => Promise<Source>;

/**
 * A stream of events that reconnects by itself and goes on after the last event that was seen. It ends when the loop
 * over it is left, with `close()`, or with the error that keeps it from reconnecting.
 */
export class EventStream<T> implements AsyncIterable<T> {
  readonly #connect: Connect;
  readonly #ended = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #pauseMs: number;
  readonly #silenceMs: number;
  #events: AsyncGenerator<ServerEvent, void, undefined> | undefined;
  #connection = new AbortController();
  #lastEventId: string | undefined;
  #askedPauseMs: number | undefined;

  constructor(
    connect: Connect,
    lastEventId: string | undefined,
    settings: { signal?: AbortSignal | undefined; pauseMs: number; silenceMs: number },
  ) {
    this.#connect = connect;
    this.#lastEventId = lastEventId;
    this.#outer = settings.signal;
    this.#pauseMs = settings.pauseMs;
    this.#silenceMs = settings.silenceMs;
  }

  /** The last event that the loop was given: keep it to go on there in another process. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** Connects. A new stream is open only once its first event told where it begins, so that nothing after that is missed. */
  async open(): Promise<this> {
    const resumed = this.#lastEventId !== undefined;
    await this.#reconnect();
    if (!resumed) await this.#next();
    return this;
  }

  close(): void {
    this.#ended.abort();
    this.#connection.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let failures = 0;
    try {
      while (!this.#ended.signal.aborted) {
        const event = await this.#next().catch((error: unknown) => this.#unlessBroken(error));
        if (event === undefined) {
          await this.#pauseAfter(failures++);
          await this.#reconnect();
          continue;
        }
        failures = 0;
        if (event.data !== undefined) yield JSON.parse(event.data) as T;
      }
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error;
    } finally {
      this.close();
    }
  }

  // The next event, or undefined when the stream has ended. What it tells for a reconnection is remembered.
  async #next(): Promise<ServerEvent | undefined> {
    const result = await this.#events?.next();
    if (!result || result.done) return undefined;
    const event = result.value;
    if (event.id !== undefined) this.#lastEventId = event.id;
    if (event.retryMs !== undefined) this.#askedPauseMs = event.retryMs;
    return event;
  }

  // Comments count as signs of life, which the events do not show. Only the server is timed, not who reads.
  async *#alive(text: AsyncGenerator<string, void, undefined>): AsyncGenerator<string, void, undefined> {
    const connection = this.#connection;
    for (;;) {
      const watch = setTimeout(() => connection.abort(new Silence()), this.#silenceMs);
      const piece = await text.next().finally(() => clearTimeout(watch));
      if (piece.done) return;
      yield piece.value;
    }
  }

  #unlessBroken(error: unknown): undefined {
    if (this.#outer?.aborted) throw this.#outer.reason;
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }

  async #reconnect(): Promise<void> {
    this.#connection = new AbortController();
    const signals = [this.#ended.signal, this.#connection.signal, ...(this.#outer ? [this.#outer] : [])];
    const source = await this.#connect(this.#lastEventId, AbortSignal.any(signals));
    this.#events = eventsOf(this.#alive(textOf(source)));
  }

  #pauseAfter(failures: number): Promise<void> {
    const ms = Math.min(MAX_PAUSE_MS, (this.#askedPauseMs ?? this.#pauseMs) * 2 ** Math.min(failures, 10));
    const signals = [this.#ended.signal, ...(this.#outer ? [this.#outer] : [])];
    return pause(ms * (0.5 + Math.random() / 2), AbortSignal.any(signals));
  }
}

class Silence extends TimeoutError {
  constructor() {
    super("stream", "nothing came for so long that the connection must be broken.");
  }
}
