// What can go wrong, as classes. No message holds a token, a prompt, an address or a user.

/** Anything that this package throws. */
export class CoolyError extends Error {
  override name = "CoolyError";
}

/** One field of a request and what is wrong with it. */
export interface FieldProblem {
  field: string;
  message: string;
}

export interface ApiErrorDetails {
  operation: string;
  status: number;
  /** Stable: match on this. `http_` and the status where the answer was not one of Cooly's. */
  code: string;
  type?: string | undefined;
  title: string;
  detail: string;
  requestId?: string | undefined;
  fieldErrors: FieldProblem[];
  retryAfterMs?: number | undefined;
  idempotencyKey?: string | undefined;
}

/** The server refused the request, or failed to answer it. */
export class ApiError extends CoolyError {
  override name = "ApiError";
  readonly operation: string;
  readonly status: number;
  /** What happened, as a stable word such as `credits_insufficient`. */
  readonly code: string;
  readonly type: string | undefined;
  readonly title: string;
  readonly detail: string;
  /** Names the request in the logs of the server. */
  readonly requestId: string | undefined;
  /** What is wrong with which fields, where fields are wrong. */
  readonly fieldErrors: FieldProblem[];
  /** When to try again, where the server told. */
  readonly retryAfterMs: number | undefined;
  /** The key that the call had: call again with it to do the same thing, and no second one. */
  readonly idempotencyKey: string | undefined;

  constructor(details: ApiErrorDetails) {
    const request = details.requestId ? ` (request ${details.requestId})` : "";
    const fields = details.fieldErrors.map(({ field, message }) => `; ${field}: ${message}`).join("");
    super(`${details.operation}: ${details.status} ${details.code}: ${details.detail}${fields}${request}`);
    this.operation = details.operation;
    this.status = details.status;
    this.code = details.code;
    this.type = details.type;
    this.title = details.title;
    this.detail = details.detail;
    this.requestId = details.requestId;
    this.fieldErrors = details.fieldErrors;
    this.retryAfterMs = details.retryAfterMs;
    this.idempotencyKey = details.idempotencyKey;
  }
}

/** The request cannot be understood (400, 405, 413, 415, 416). */
export class InvalidRequestError extends ApiError {
  override name = "InvalidRequestError";
}

/** There is no valid token (401). */
export class UnauthenticatedError extends ApiError {
  override name = "UnauthenticatedError";
}

/** The balance does not cover the price; nothing was charged (402). The same key buys after a grant. */
export class InsufficientCreditsError extends ApiError {
  override name = "InsufficientCreditsError";
}

/** The token has another role (403). */
export class ForbiddenError extends ApiError {
  override name = "ForbiddenError";
}

/** Nothing is there, or it is somebody else's (404). */
export class NotFoundError extends ApiError {
  override name = "NotFoundError";
}

/** Not possible as things are now (409); `code` tells why. */
export class ConflictError extends ApiError {
  override name = "ConflictError";
}

/** An output was kept for as long as outputs are kept (410). */
export class OutputDeletedError extends ApiError {
  override name = "OutputDeletedError";
}

/** A value cannot be accepted (422); `fieldErrors` tells which. */
export class ValidationError extends ApiError {
  override name = "ValidationError";
}

/** The key was used with another request before (422). */
export class IdempotencyKeyReusedError extends ValidationError {
  override name = "IdempotencyKeyReusedError";
}

/** Too much at once (429); `retryAfterMs` tells when to come back. */
export class RateLimitedError extends ApiError {
  override name = "RateLimitedError";
}

/** The server cannot answer now, and nothing was done (503). */
export class UnavailableError extends ApiError {
  override name = "UnavailableError";
}

/** A write may have been done or not (504): call again with `idempotencyKey` to find out. */
export class OutcomeUnknownError extends ApiError {
  override name = "OutcomeUnknownError";
}

/** An error on the side of the server (500, 502); tell its operator the `requestId`. */
export class ServerError extends ApiError {
  override name = "ServerError";
}

/** No whole answer came: the server cannot be reached, or the connection broke. A write may have been done. */
export class ConnectionError extends CoolyError {
  override name = "ConnectionError";
  readonly operation: string;
  /** The key that the call had: call again with it to do the same thing, and no second one. */
  readonly idempotencyKey: string | undefined;

  constructor(operation: string, what: string, idempotencyKey?: string, cause?: unknown) {
    super(`${operation}: ${what}`, { cause });
    this.operation = operation;
    this.idempotencyKey = idempotencyKey;
  }
}

/** No answer came in time. A write may have been done. */
export class TimeoutError extends ConnectionError {
  override name = "TimeoutError";
}

/** The generation had not ended when the time to wait was over. It goes on: wait again, or look later. */
export class WaitTimeoutError<Generation = unknown> extends CoolyError {
  override name = "WaitTimeoutError";
  /** What it was when it was last seen. */
  readonly generation: Generation;

  constructor(generation: Generation, timeoutMs: number) {
    super(`The generation had not ended after ${timeoutMs} ms. It goes on: wait for it again, or look later.`);
    this.generation = generation;
  }
}
