// What the pages say of credits is what the API says, and that is what the ledger did: for every end and kind of price.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { screenshot } from '../support/browser.js';
import { stuckProvider } from '../support/stuck.js';
import { opened } from '../support/studio.js';
import { suite } from '../support/suite.js';

/// The most that a metered clip may take: it is held.
const MOST = 30;
const METERED = 'pricing = "per_second"';

process.env.STUCK_KEY = 'any';
const stuck = `[providers.stuck]
adapter = "fal"
base_url = "${await stuckProvider()}"
key_env = "STUCK_KEY"
private = true
`;
const model = (id, kind, price, { provider = 'simulated', route = id, more = '' } = {}) => `[[models]]
id = "${id}"
kind = "${kind}"
price = "${price}"
${kind === 'video' ? 'max_seconds = 10' : ''}
${more}
routes = [{ provider = "${provider}", model = "${route}" }]
`;
const it = suite({
  args: ['--sim-video-delay', '2s'],
  catalog: ['[providers.simulated]\nadapter = "simulated"\n', stuck,
    ...['sim-image', 'sim-image-strict', 'sim-image-down'].map((id) => model(id, 'image', 4)),
    model('sim-video', 'video', 20),
    model('metered', 'video', 3, { route: 'sim-video', more: METERED }),
    model('metered-down', 'video', 3, { route: 'sim-video-down', more: METERED }),
    model('metered-stuck', 'video', 3, { provider: 'stuck', route: 'any/clip', more: METERED })].join('\n'),
});
const plain = (text) => text.replaceAll('\u00a0', ' ').replaceAll('\u202f', '').replaceAll('\u2212', '-').replace(/\s+/g, ' ').trim();

/// The credit events of a generation, from the log: what the account lost for it, and what it got back.
async function ledgerOf(user, id) {
  const { items } = await it.api.history(user);
  const about = items.filter((entry) => entry.generation_id === id);
  const of = (type) => about.filter((entry) => entry.type === type);
  const sum = (entries, value) => entries.reduce((all, entry) => all + Number(value(entry) ?? 0), 0);
  return {
    spent: sum(about, (entry) => entry.spent),
    refunded: sum(of('credits.refunded'), (entry) => entry.amount),
    held: sum(of('credits.held'), (entry) => -entry.amount) - sum(of('credits.captured'), (entry) => Number(entry.amount) + Number(entry.spent)) - sum(of('credits.released'), (entry) => entry.amount),
  };
}

/// Every end that a generation can have, by the kind of its price: how it gets there, and what its card says then.
const ENDS = [
  { name: 'succeeded', model: 'sim-image', says: /4 credits/, charged: 4 },
  { name: 'succeeded, a part given back', model: 'sim-image', refund: '1', says: /3 credits, 1 came back/, charged: 3 },
  { name: 'succeeded, all given back', model: 'sim-image', refund: '4', says: /4 credits came back/, charged: 0 },
  { name: 'failed', model: 'sim-image-strict', says: /Your 4 credits came back to you\. .*not charged/, charged: 0 },
  { name: 'dead', model: 'sim-image-down', says: /Your 4 credits stay paid for it: .* 4 credits/, charged: 4 },
  { name: 'discarded', model: 'sim-image-down', discard: true, says: /Support could not mend it\. Your 4 credits came back to you\. .*not charged/, charged: 0 },
  { name: 'cancelled', model: 'sim-video', cancel: true, says: /You stopped it\. Your 20 credits came back to you\. .*not charged/, charged: 0 },
  { name: 'metered, succeeded', model: 'metered', charged: null },
  { name: 'metered, dead', model: 'metered-down', held: MOST, says: /Up to 30 credits stay held for it: either support runs it again, or they come back to you\. .*up to 30 credits, held/ },
  { name: 'metered, cancelled', model: 'metered', cancel: true, says: /You stopped it\. Nothing was charged: what was held for it came back to you\. .*not charged/, charged: 0 },
  { name: 'metered, running', model: 'metered-stuck', until: ['running'], held: MOST, says: /up to 30 credits, held/ },
];

async function brought(user, { model, until: statuses, cancel, refund, discard }) {
  const { id } = await it.api.post(user, '/v1/generations', { model, prompt: 'a test' });
  if (cancel) await it.api.post(user, `/v1/generations/${id}/cancel`);
  await it.api.settled(user, id, statuses);
  if (refund) await it.api.admin('POST', `/admin/accounts/${user.sub}/refunds`, { job_id: id, amount: refund, reason: 'a test' });
  if (discard) await it.api.admin('DELETE', `/admin/dlq/messages/${id}`);
  return id;
}

test('cards, drawer and history say what the ledger did, for every end and kind of price', async () => {
  const user = await it.api.user(500, 'money');
  await it.api.grant(user, { amount: '200', reason: 'for later', effective_at: new Date(Date.now() + 86_400_000).toISOString() });
  const ids = [];
  for (const end of ENDS) ids.push(await brought(user, end));
  const account = await it.api.credits(user);
  const balance = String(Number(account.available) + Number(account.pending));
  assert.equal(Number(account.held), ENDS.reduce((all, { held = 0 }) => all + held, 0));
  const list = await until(async () => {
    const { items } = await it.api.history(user);
    return items[0].balance_after === balance && items;
  }, 'the history to be caught up');
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    for (const [place, end] of ENDS.entries()) {
      const id = ids[place];
      const told = await it.api.generation(user, id);
      const booked = await ledgerOf(user, id);
      assert.equal(Number(told.charged), booked.spent + booked.held, `${end.name}: the API and the ledger`);
      assert.equal(booked.held, end.held ?? 0, `${end.name}: what is held`);
      assert.equal(told.on_hold, Boolean(end.held), end.name);
      if (Number.isFinite(end.charged)) assert.equal(Number(told.charged), end.charged, end.name);
      const card = page.locator(`.card[data-id="${id}"]`);
      const words = plain(await card.innerText());
      if (end.says) assert.match(words, end.says, end.name);
      else assert.ok(words.includes(`${told.charged} credits`) && Number(told.charged) < Number(told.cost), `${end.name}: ${words}`);
      assert.ok(!/held/.test(words) || end.held || end.model === 'metered', `${end.name} holds nothing: ${words}`);
    }
    await screenshot(page, 'studio-money-cards');
    await page.locator('#balance').click();
    await page.locator('#history li').nth(list.length - 1).waitFor();
    assert.equal(plain(await page.locator('#drawer-available').textContent()), account.available);
    assert.equal(plain(await page.locator('#drawer-balance').textContent()), balance);
    assert.equal(plain(await page.locator('#drawer-held').textContent()), account.held);
    const rows = await page.locator('#history li').all();
    for (const [place, entry] of list.entries()) {
      const row = plain(await rows[place].innerText());
      const tone = await rows[place].getAttribute('class');
      const spent = Number(entry.spent ?? 0);
      assert.ok(row.includes(`balance ${entry.balance_after}`), row);
      if (entry.type === 'credits.captured') {
        assert.ok(row.includes(`Charged`) && row.includes(`-${entry.spent}`) && tone === 'out', `${tone}: ${row}`);
      } else if (['credits.held', 'credits.released'].includes(entry.type)) {
        assert.equal(tone, 'still', row);
      } else {
        assert.equal(tone, Number(entry.amount) > 0 ? 'in' : 'out', row);
        assert.ok(row.includes(entry.amount), `${entry.amount}: ${row}`);
      }
      assert.ok(spent <= 0 || tone === 'out', `what is spent goes out: ${row}`);
    }
    await screenshot(page, 'studio-money-drawer');
  });
});
