// What a caller can say about a client and about one call. Every duration is in milliseconds.

/** A token, or a function that gives one; it is asked before each attempt, so it may keep the token until it is about to expire. */
export type TokenSource = string | ((why: TokenWanted) => string | Promise<string>);

export interface TokenWanted {
  /** Whether the token that was given before was refused as invalid or expired. */
  renew: boolean;
}

export interface ClientOptions {
  /** Where the API is, such as `https://cooly.example.com`. */
  baseUrl: string;
  /** What proves who is calling; left out, only what needs no token can be called. */
  token?: TokenSource;
  /** For whom to ask; only with an API key of the scope `backend`, which needs it. */
  user?: string;
  /** How long one attempt may take, beyond what it is asked to wait; 30,000 if left out. The server gives up sooner. */
  timeoutMs?: number;
  /** How often a call is repeated at most; 4 if left out, 0 for never. */
  retries?: number;
  /** The pause before the first repeat, doubled for each one after it; 250 if left out. */
  backoffMs?: number;
  /** The longest pause between repeats of its own; 8,000 if left out. */
  maxBackoffMs?: number;
  /** The longest `Retry-After` that is waited for; 60,000 if left out. A longer one fails the call at once. */
  maxRetryAfterMs?: number;
  /** How long an event stream may be silent before its connection is taken for broken; 45,000 if left out. */
  silenceMs?: number;
  /** Headers of every request, such as `User-Agent`. */
  headers?: Record<string, string>;
  /** What sends requests; the platform's `fetch` if left out. */
  fetch?: typeof globalThis.fetch;
}

export interface RequestOptions {
  /** Ends the call, all of its repeats, and what it streams. */
  signal?: AbortSignal | undefined;
  /** How long one attempt may take; for what is streamed, until it begins. */
  timeoutMs?: number | undefined;
  /** How often the call is repeated at most. */
  retries?: number | undefined;
  /** Further headers; `X-Request-Id` names the request in the logs and answers of the server. */
  headers?: Record<string, string> | undefined;
}

export interface Keyed {
  /** Names what shall happen once: 1 to 255 visible ASCII characters. A new UUID for each call if left out. */
  idempotencyKey?: string | undefined;
}

/** Like {@link Keyed}, where the server has the caller name it. */
export interface KeyRequired {
  idempotencyKey: string;
}

export interface Positioned {
  /** A position that the list must have reached, instead of that of this client's own last write. */
  ledgerPosition?: string | number | undefined;
}

export interface Waiting {
  /** How long the server may wait for the end of the generation before it answers: 30,000 at most. */
  waitMs?: number | undefined;
}

export interface Deferred {
  /** Whether a worker does it, at its own pace, and the answer only tells where to look. */
  respondAsync?: boolean | undefined;
}

export interface Conditional {
  /** The `etag` of what is known already: if it is still so, the answer is null. */
  ifNoneMatch?: string | undefined;
}

export interface Ranged {
  /** Which bytes, such as `bytes=1024-`. */
  range?: string | undefined;
  /** The range counts only if this is the `etag` still; else all bytes are the answer. */
  ifRange?: string | undefined;
}

export interface Resumed {
  /** The last event that was seen: the stream goes on after it. */
  lastEventId?: string | undefined;
}

export interface Uploaded<ContentType extends string> {
  /** What the bytes of the upload are; JSON lines if left out. */
  contentType?: ContentType | undefined;
}

/** All options of any call. */
export type CallOptions = RequestOptions &
  Keyed &
  Positioned &
  Waiting &
  Deferred &
  Conditional &
  Ranged &
  Resumed &
  Uploaded<string>;
