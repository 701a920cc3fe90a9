import { CoolyError } from "./errors.js";

/** The key of one call: the caller's, or a new one. */
export function keyOf(given: string | undefined): string {
  if (given === undefined) return crypto.randomUUID();
  if (!/^[\x21-\x7e]{1,255}$/.test(given)) {
    throw new CoolyError("`idempotencyKey` must be 1 to 255 visible ASCII characters without blanks.");
  }
  return given;
}
