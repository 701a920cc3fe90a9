// What axe-core finds on a page that somebody could not use it for.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const GRAVE = ['serious', 'critical'];

/// Fails if the page as it stands has a grave fault, and names each with where it is. `except` are rules that are not asked
/// about, each with its reason, which is for the reader.
export async function isAccessible(page, name, except = {}) {
  // By the debugger and not as a script of the page, which its policy would refuse.
  await page.evaluate(source);
  const rules = Object.fromEntries(Object.keys(except).map((rule) => [rule, { enabled: false }]));
  const { violations } = await page.evaluate((options) => window.axe.run(document, options), { rules, resultTypes: ['violations'] });
  const grave = violations.filter(({ impact }) => GRAVE.includes(impact));
  const told = grave.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary.split('\n')[1]?.trim()}`));
  assert.deepEqual(told, [], `${name}: ${told.length} grave faults`);
}
