import type { Operation } from "./operation.js";
import type { CallOptions } from "./options.js";

/** The headers of a call that stay the same over its repeats; the token is not among them. */
export function headersOf(operation: Operation, options: CallOptions, key: string | undefined): Headers {
  const headers = new Headers(options.headers);
  const set = (name: string, value: string | number | undefined) => {
    if (value !== undefined) headers.set(name, String(value));
  };
  set("content-type", contentTypeOf(operation, options));
  set("idempotency-key", key);
  set("prefer", preferOf(options));
  set("if-none-match", options.ifNoneMatch);
  set("range", options.range);
  set("if-range", options.ifRange);
  set("last-event-id", options.lastEventId);
  return headers;
}

function contentTypeOf({ body, uploadTypes }: Operation, { contentType }: CallOptions): string | undefined {
  if (uploadTypes) return contentType ?? uploadTypes[0];
  return body === undefined ? undefined : "application/json";
}

function preferOf({ waitMs, respondAsync }: CallOptions): string | undefined {
  if (respondAsync) return "respond-async";
  return waitMs === undefined ? undefined : `wait=${Math.max(0, Math.ceil(waitMs / 1000))}`;
}
