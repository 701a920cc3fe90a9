/**
 * An amount of credits: a decimal number in a string, such as `"0.25"`, with at most six decimal places.
 * It stays a string, because a float cannot hold every amount; see {@link addCredits} and {@link compareCredits}.
 */
export type Credits = string;

/** A change of credits: like {@link Credits}, with a `-` in front where something was taken. */
export type CreditsChange = string;

/** An instant in UTC as RFC 3339 writes it, such as `2026-01-31T12:00:00Z`; `new Date(instant)` reads it. */
export type Timestamp = string;

/** One of the known words, or one that a newer server uses. */
export type Open<Known extends string> = Known | (string & Record<never, never>);
