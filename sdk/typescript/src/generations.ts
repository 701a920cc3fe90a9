import { WaitTimeoutError } from "./errors.js";
import { GenerationsOperations } from "./generated/resources.js";
import type { Generation } from "./generated/types.js";
import type { RequestOptions } from "./options.js";
import { pause } from "./retry.js";

export interface WaitOptions extends RequestOptions {
  /** When to give up waiting; 10 minutes if left out. */
  waitTimeoutMs?: number | undefined;
}

// The server waits no longer than that at once.
const LONGEST_WAIT_MS = 30_000;
const UNFINISHED = new Set<string>(["queued", "running"]);

/**
 * Whether nothing more happens to a generation by itself. `dead` is such an end too: it is paid for, and an operator
 * decides.
 */
export function hasEnded({ status }: Pick<Generation, "status">): boolean {
  return !UNFINISHED.has(status);
}

/** Buy generations, follow them, and wait for their end. */
export class Generations extends GenerationsOperations {
  /** Waits until the generation has ended, however it did: look at its `status`. */
  async wait(id: string, options: WaitOptions = {}): Promise<Generation> {
    const { waitTimeoutMs = 600_000, ...request } = options;
    const deadline = Date.now() + waitTimeoutMs;
    for (let unheard = 0; ; unheard++) {
      const began = Date.now();
      const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(0, deadline - began));
      const generation = await this.get(id, { ...request, waitMs });
      if (hasEnded(generation)) return generation;
      const now = Date.now();
      if (now >= deadline) throw new WaitTimeoutError(generation, waitTimeoutMs);
      // A server where too many wait answers at once. Then it is asked less and less often.
      if (now - began >= waitMs / 2) unheard = 0;
      else await pause(Math.min(deadline - now, 5_000, 500 * 2 ** unheard), request.signal);
    }
  }
}
