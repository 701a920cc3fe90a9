// What a late cancel costs: said on the card before it and after it, by the API, and by the ledger.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { screenshot } from '../support/browser.js';
import { inStatus, opened, shown } from '../support/studio.js';
import { suite } from '../support/suite.js';

const model = (id, rest) => `[[models]]\nid = "${id}"\nkind = "video"\nmax_seconds = 10\n${rest}\nroutes = [{ provider = "simulated", model = "sim-video" }]\n`;
const it = suite({
  catalog: ['[providers.simulated]\nadapter = "simulated"\n',
    model('half', 'price = "8"\nlate_cancel = "50%"'),
    model('all', 'price = "8"\nlate_cancel = "keep"'),
    model('metered', 'price = "2"\npricing = "per_second"\nlate_cancel = "25%"'),
    model('free', 'price = "8"')].join('\n'),
});
const plain = (text) => text.replaceAll('\u00a0', ' ').replaceAll('\u202f', '').replace(/\s+/g, ' ').trim();

/// What each kind of terms says before and after, and what it costs.
const TERMS = [
  { name: 'half', before: /The provider has begun: 4 of 8 credits come back\./, after: /You stopped it\. 4 credits stay charged, because the provider had begun when you stopped it; the rest came back to you\./, charged: 4 },
  { name: 'all', before: /The provider has begun: of 8 credits nothing comes back\./, after: /You stopped it\. 8 credits stay charged, because the provider had begun when you stopped it\. /, charged: 8 },
  { name: 'metered', before: /The provider has begun: 15 of 20 credits held come back\./, after: /You stopped it\. 5 credits stay charged, because the provider had begun when you stopped it; the rest came back to you\./, charged: 5 },
  { name: 'free', before: null, after: /You stopped it\. Your 8 credits came back to you\. .*not charged/, charged: 0 },
];

async function spentOn(user, id) {
  const { items } = await it.api.history(user);
  return items.filter((entry) => entry.generation_id === id).reduce((all, { spent }) => all + Number(spent ?? 0), 0);
}

test('what a cancel costs is on the card before it and after it, and is what the ledger did', async () => {
  const user = await it.api.user(500, 'late');
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    for (const { name, before, after, charged } of TERMS) {
      const { id } = await it.api.post(user, '/v1/generations', { model: name, prompt: 'a test' });
      const card = await shown(page, id);
      await inStatus(card, 'running');
      if (before) {
        await card.getByText('The provider has begun').waitFor();
        const told = await it.api.generation(user, id);
        assert.equal(Number(told.cancel_keeps), charged, name);
        assert.match(plain(await card.innerText()), before);
        await screenshot(page, `studio-late-cancel-${name}`);
      } else {
        assert.doesNotMatch(plain(await card.innerText()), /has begun/);
      }
      await card.getByRole('button', { name: 'Cancel' }).click();
      await inStatus(card, 'cancelled');
      assert.match(plain(await card.innerText()), after);
      const told = await it.api.generation(user, id);
      assert.equal(Number(told.charged), charged, `${name}: the API`);
      await until(async () => (await spentOn(user, id)) === charged, `${name}: the ledger`);
    }
  });
});
