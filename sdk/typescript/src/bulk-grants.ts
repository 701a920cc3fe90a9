// What a bulk grant answers, line by line. The OpenAPI document calls these lines only text.
import type { Open } from "./values.js";

/** A grant that was made, or had been made by an earlier upload under the same key. */
export interface BulkGranted {
  line: number;
  outcome: "granted" | "replayed";
  lot: number;
  user: string;
}

/** A line that could not be accepted. The others go on. */
export interface BulkRefused {
  line: number;
  outcome: "refused";
  code: string;
  message: string;
}

/** How far it is, about once a second. */
export interface BulkGrantProgress {
  progress: { granted: number; read: number; refused: number; replayed: number };
}

/** The last line; `stopped` tells why not everything was read. */
export interface BulkGrantEnd {
  done: {
    dry_run: boolean;
    granted: number;
    refused: number;
    replayed: number;
    stopped: null | { line: number; code: Open<"body_cut_off" | "body_timeout" | "lines_too_many" | "shutting_down"> };
  };
}

export type BulkGrantAnswer = BulkGranted | BulkRefused | BulkGrantProgress | BulkGrantEnd;

export function isBulkGrantEnd(answer: BulkGrantAnswer): answer is BulkGrantEnd {
  return "done" in answer;
}
