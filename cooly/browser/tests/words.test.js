// Words that need no browser to be read.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const file = new URL('../../../api/pages/words.js', import.meta.url);

test('what cannot be seen in the id of a user stands as its code', async () => {
  // As a module by its text: to Node, a `.js` beside no package is none.
  const { named } = await import(`data:text/javascript,${encodeURIComponent(await readFile(file, 'utf8'))}`);
  for (const [id, shown] of [
    ['alice', 'alice'],
    ['anna maria@example.org', 'anna maria@example.org'],
    ['ali\u202ece', 'ali⟨U+202E⟩ce'],
    [' alice', '⟨U+0020⟩alice'],
    ['alice  ', 'alice⟨U+0020⟩⟨U+0020⟩'],
    ['ali\u200bce', 'ali⟨U+200B⟩ce'],
    ['ali\u00a0ce', 'ali⟨U+00A0⟩ce'],
    ['\u3164', '⟨U+3164⟩'],
    ['雨 Ωμέγα', '雨 Ωμέγα'],
  ]) {
    assert.equal(named(id), shown);
  }
});
