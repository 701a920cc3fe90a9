// Problem documents (RFC 9457) as errors.
import * as errors from "./errors.js";
import { retryAfterOf } from "./retry-after.js";

type ErrorClass = new (details: errors.ApiErrorDetails) => errors.ApiError;

const BY_CODE: Record<string, ErrorClass> = {
  credits_insufficient: errors.InsufficientCreditsError,
  idempotency_key_reused: errors.IdempotencyKeyReusedError,
  outcome_unknown: errors.OutcomeUnknownError,
};

const BY_STATUS: Record<number, ErrorClass> = {
  400: errors.InvalidRequestError,
  401: errors.UnauthenticatedError,
  402: errors.InsufficientCreditsError,
  403: errors.ForbiddenError,
  404: errors.NotFoundError,
  405: errors.InvalidRequestError,
  409: errors.ConflictError,
  410: errors.OutputDeletedError,
  413: errors.InvalidRequestError,
  415: errors.InvalidRequestError,
  416: errors.InvalidRequestError,
  422: errors.ValidationError,
  429: errors.RateLimitedError,
  500: errors.ServerError,
  502: errors.ServerError,
  503: errors.UnavailableError,
  504: errors.OutcomeUnknownError,
};

/** The error that an answer stands for. */
export async function errorOf(
  response: Response,
  operation: string,
  idempotencyKey?: string,
): Promise<errors.ApiError> {
  const problem = await problemOf(response);
  const code = text(problem.code) ?? `http_${response.status}`;
  const title = text(problem.title) ?? (response.statusText || "Error");
  const details: errors.ApiErrorDetails = {
    operation,
    status: response.status,
    code,
    type: text(problem.type),
    title,
    detail: text(problem.detail) ?? title,
    requestId: text(problem.request_id) ?? response.headers.get("x-request-id") ?? undefined,
    fieldErrors: fieldErrorsOf(problem.errors),
    retryAfterMs: retryAfterOf(response.headers.get("retry-after")),
    idempotencyKey,
  };
  const known: ErrorClass = BY_CODE[code] ?? BY_STATUS[response.status] ?? errors.ApiError;
  return new known(details);
}

/** Whether the answer was Cooly's own, and not that of something between. */
export function isFromCooly(error: errors.ApiError): boolean {
  return error.type?.startsWith("urn:cooly:problem:") ?? false;
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) {
    await response.body?.cancel();
    return {};
  }
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function fieldErrorsOf(value: unknown): errors.FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((one) => typeof one === "object" && one !== null)
    .map((one) => ({ field: String(one.field ?? ""), message: String(one.message ?? "") }));
}
