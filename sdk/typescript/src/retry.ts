// When a call is repeated, and how long before.
import { ApiError, ConnectionError } from "./errors.js";
import { isFromCooly } from "./problems.js";

export interface RetryPolicy {
  retries: number;
  backoffMs: number;
  maxBackoffMs: number;
  maxRetryAfterMs: number;
}

/** What may be repeated after a failure without doing anything twice. */
export interface Repeatability {
  /** Reads, writes with a key, and writes that are harmless to repeat. */
  harmless: boolean;
  /** Whether what is sent can be sent again. */
  resendable: boolean;
}

const LOST = new Set([408, 502, 504]);

export function mayRepeat(error: unknown, { harmless, resendable }: Repeatability): boolean {
  if (!resendable) return false;
  if (error instanceof ConnectionError) return harmless;
  if (!(error instanceof ApiError)) return false;
  if (error.status === 429) return true;
  // Cooly's own 503 says that nothing was done; that of something between says nothing.
  if (error.status === 503) return harmless || isFromCooly(error);
  return harmless && (LOST.has(error.status) || error.code === "body_cut_off");
}

/** How long to pause before the repeat; undefined if that would be too long. */
export function pauseBefore(repeat: number, error: unknown, policy: RetryPolicy): number | undefined {
  const asked = error instanceof ApiError ? error.retryAfterMs : undefined;
  if (asked !== undefined && asked > policy.maxRetryAfterMs) return undefined;
  // Between half of it and all of it, so that many clients do not come back at the same moment.
  const own = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** repeat) * (0.5 + Math.random() / 2);
  return asked === undefined ? own : asked + Math.random() * Math.min(own, asked);
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
