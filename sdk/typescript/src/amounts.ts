// Exact arithmetic of credits: whole millionths, since amounts have at most six decimal places.
import type { Credits, CreditsChange } from "./values.js";

const PLACES = 6;
const AMOUNT = /^(-?)(\d+)(?:\.(\d{1,6}))?$/;

function toMillionths(amount: CreditsChange): bigint {
  const parts = AMOUNT.exec(amount);
  if (!parts)
    throw new RangeError("An amount of credits is a decimal number with at most six decimal places, such as 0.25.");
  const size = BigInt(parts[2] + (parts[3] ?? "").padEnd(PLACES, "0"));
  return parts[1] ? -size : size;
}

function fromMillionths(millionths: bigint): CreditsChange {
  const digits = (millionths < 0n ? -millionths : millionths).toString().padStart(PLACES + 1, "0");
  const fraction = digits.slice(-PLACES).replace(/0+$/, "");
  return `${millionths < 0n ? "-" : ""}${digits.slice(0, -PLACES)}${fraction ? `.${fraction}` : ""}`;
}

/** The exact sum of amounts, some of which may be negative. */
export function addCredits(...amounts: CreditsChange[]): CreditsChange {
  return fromMillionths(amounts.reduce((sum, amount) => sum + toMillionths(amount), 0n));
}

/** The amount with the other sign. */
export function negateCredits(amount: CreditsChange): CreditsChange {
  return fromMillionths(-toMillionths(amount));
}

/** Below zero if `a` is less than `b`, zero if they are equal, else above: for `sort` and comparisons. */
export function compareCredits(a: Credits | CreditsChange, b: Credits | CreditsChange): number {
  const difference = toMillionths(a) - toMillionths(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
