import { CoolyError } from "./errors.js";
import type { ClientOptions, TokenSource, TokenWanted } from "./options.js";
import type { RetryPolicy } from "./retry.js";

/** What a client was given, with everything that was left out. */
export interface Settings extends RetryPolicy {
  baseUrl: string;
  timeoutMs: number;
  silenceMs: number;
  headers: Record<string, string>;
  user: string | undefined;
  fetch: typeof globalThis.fetch;
}

export function settingsOf(options: ClientOptions): Settings {
  return {
    baseUrl: baseUrlOf(options.baseUrl),
    timeoutMs: options.timeoutMs ?? 30_000,
    // A silent stream has a comment every 15 seconds: three without one, and nobody is there.
    silenceMs: options.silenceMs ?? 45_000,
    retries: options.retries ?? 4,
    backoffMs: options.backoffMs ?? 250,
    maxBackoffMs: options.maxBackoffMs ?? 8_000,
    maxRetryAfterMs: options.maxRetryAfterMs ?? 60_000,
    headers: options.headers ?? {},
    user: options.user,
    // Browsers refuse a `fetch` that is called as somebody's method.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

// The text that was given may hold a password, so no message repeats it.
function baseUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new CoolyError("`baseUrl` must be the http or https address of the API, such as https://cooly.example.com.");
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new CoolyError("`baseUrl` must have no user, password, query or fragment: give the token as `token`.");
  }
  return url.href.replace(/\/+$/, "");
}

export async function tokenOf(source: TokenSource | undefined, why: TokenWanted): Promise<string> {
  const token = typeof source === "function" ? await source(why) : source;
  if (token === undefined) throw new CoolyError("This operation needs a token: give one as `token` to the client.");
  // The platform's own error about such a header would repeat the token.
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
    throw new CoolyError(
      "The token is empty or has characters that a header cannot hold, such as a line break at its end.",
    );
  }
  return token;
}
