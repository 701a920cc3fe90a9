// What a reader copies from here works: the example, and every block of the README.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import type { RunningCooly } from "../support/cooly.js";

const run = promisify(execFile);

export function documents(running: () => RunningCooly): void {
  const outputOf = async (script: string) => {
    const path = new URL(script, import.meta.url).pathname;
    // Files that they write stay where the tests run.
    const env = { ...process.env, COOLY_URL: running().baseUrl, TMPDIR: process.cwd() };
    return (await run(process.execPath, [path], { env, timeout: 240_000 })).stdout;
  };

  test("the blocks of the README, one after the other", async () => {
    const output = await outputOf("../../readme/walk.js");
    assert.match(output, /^succeeded, 96 credits left$/m);
    assert.match(output, /^dead letters: 1$/m);
    assert.match(output, /^valid: true$/m);
  });

  test("the example back end", async () => {
    const output = await outputOf("../../examples/sell-a-picture.js");
    assert.match(output, /^The statement of .+ agrees with 2 orders over 8 credits\.$/m);
  });
}
