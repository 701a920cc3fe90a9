/** An answer with what came beside its data. */
export interface Answer<T> {
  data: T;
  status: number;
  headers: Headers;
  /** Names the request in the logs of the server. */
  requestId: string | undefined;
  etag: string | undefined;
  /** Where the write is in the log; lists of this client wait for it by themselves. */
  ledgerPosition: string | undefined;
  /** The key that the call had, and whether its answer is that to an earlier call with it. */
  idempotencyKey: string | undefined;
  replayed: boolean;
}

export function answerOf<T>(data: T, response: Response, idempotencyKey: string | undefined): Answer<T> {
  const header = (name: string) => response.headers.get(name) ?? undefined;
  return {
    data,
    status: response.status,
    headers: response.headers,
    requestId: header("x-request-id"),
    etag: header("etag"),
    ledgerPosition: header("ledger-position"),
    idempotencyKey,
    replayed: header("idempotent-replayed") === "true",
  };
}

/** A call that is under way: `await` gives its data, `withResponse` what came beside it too. */
export class Call<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "Call";
  readonly #answer: Promise<Answer<T>>;

  constructor(answer: Promise<Answer<T>>) {
    this.#answer = answer;
  }

  withResponse(): Promise<Answer<T>> {
    return this.#answer;
  }

  // biome-ignore lint/suspicious/noThenProperty: so that `await` gives the data.
  then<A = T, B = never>(
    fulfilled?: ((data: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#data().then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#data().catch(rejected);
  }

  finally(settled?: (() => void) | null): Promise<T> {
    return this.#data().finally(settled);
  }

  #data(): Promise<T> {
    return this.#answer.then(({ data }) => data);
  }
}
