import { CoolyError } from "./errors.js";
import type { Upload } from "./upload.js";

/** An operation of the API with the values of one call. */
export interface Operation {
  /** Its name in the OpenAPI document. Errors tell this and not the path, which may name a user. */
  id: string;
  method: string;
  path: string;
  query?: object | undefined;
  body?: unknown;
  upload?: Upload<unknown>;
  uploadTypes?: string[];
  /** Whether it carries an `Idempotency-Key`; `"async"`: only where a worker does it. */
  keyed?: boolean | "async";
  /** Whether it can wait until it shows an earlier write. */
  positioned?: boolean;
  /** Whether it is harmless to repeat although it writes and has no key. */
  repeatable?: boolean;
  /** Whether it needs no token. */
  open?: boolean;
}

/** A path whose values cannot lead anywhere else. */
export function pathOf(parts: TemplateStringsArray, ...values: Array<string | number>): string {
  return parts.reduce((path, part, index) => path + segment(values[index - 1]) + part);
}

// URLs drop `.` and `..`, even percent-encoded: a user of that name would become another path.
function segment(value: string | number | undefined): string {
  const text = String(value ?? "");
  if (text === "" || text === "." || text === "..") {
    throw new CoolyError(
      "A user or an id in a path is empty, `.` or `..`, which no address can hold: check what you pass.",
    );
  }
  return encodeURIComponent(text);
}

export function queryOf(query: object | undefined): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  if (pairs.length === 0) return "";
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}
