// The audit page, as an auditor uses it: a log that is sound is green, one that somebody touched is red and says where.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { tamper } from '../support/owner.js';
import { suite } from '../support/suite.js';

const it = suite({ args: ['--seal-after', '1s'] });
const LOOKS = [
  { name: 'light', colorScheme: 'light' },
  { name: 'dark', colorScheme: 'dark' },
  { name: 'laptop', colorScheme: 'light', viewport: { width: 1366, height: 768 } },
  { name: 'phone-light', colorScheme: 'light', viewport: { ...PHONE, width: 390 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { ...PHONE, width: 390 } },
];
const TAKE_HOME = 'Download its proof';

/// A customer to whom most things happened that can happen to credits.
async function customer(name) {
  const user = await it.api.user(0, name);
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  for (const terms of [
    { amount: '500', reason: 'top-up', source: 'purchase' },
    { amount: '120', reason: 'plan', source: 'plan', priority: 10 },
    { amount: '40', reason: 'welcome', source: 'promo', priority: 20, expires_at: soon },
  ]) await it.api.grant(user, terms);
  await it.api.hold(user, { amount: '20', reason: 'a call' });
  await it.api.admin('POST', `/admin/accounts/${user.sub}/adjustments`, { amount: '-5', reason: 'a mistake' });
  await it.api.generate(user, 'sim-image', 'A fox in the snow');
  await it.api.generate(user, 'sim-image-strict', 'Refused');
  return user;
}

const onPage = async (options, work) => {
  const auditor = await it.api.token('auditor');
  await it.pages.with({ address: '/audit', tokens: { auditor }, ...options }, work);
};

async function checked(page, words) {
  await page.getByRole('button', { name: 'Check the whole log' }).click();
  await page.locator('#whole-verdict').getByText(words).waitFor();
}

test('a sound log is green, adds up, and is told honestly', async () => {
  const user = await customer('sound');
  await onPage({}, async (page) => {
    await page.locator('#books-verdict').getByText('It adds up to the last digit').waitFor();
    assert.match(await page.locator('#whole-verdict').innerText(), /Not checked on this page yet/);
    await checked(page, 'The log is sound');
    const words = await page.locator('#whole-verdict').innerText();
    assert.match(words, /Checked .+: \d+ events\..*compare the keys with those that you know/s);
    assert.ok(await page.locator('#whole-verdict .good').isVisible());

    const sums = await page.locator('#books table').innerText();
    for (const line of [/Opening outstanding\s+0/, /Granted\s+\+1\s660/, /of that purchase\s+\+500/, /Spent, debited\s+−/, /Refunded\s+\+/, /of that held\s+20/]) assert.match(sums, line);
    assert.ok((await page.locator('#books .waterfall rect').count()) >= 5);
    await page.locator('#finance').getByText('Outstanding now').waitFor();
    assert.match(await page.locator('#finance').innerText(), /purchase[\s\d]+500/);

    await page.getByLabel('User').first().fill(user.sub);
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.locator('#account-verdict').getByText(`What is there of ${user.sub} is what was written`).waitFor();
    const story = await page.locator('#account-story').innerText();
    assert.match(story, /credits\.granted\s+\+500\s+500/);
    assert.match(story, /credits\.held\s+−20\s+640/);
    assert.match(page.url(), new RegExp(`account=${user.sub}`));
    await screenshot(page, 'audit-sound', { fullPage: true });
  });
});

test('events are found, looked at, and their proof is taken home', async () => {
  const user = await customer('searched');
  await onPage({}, async (page) => {
    const search = page.getByRole('search', { name: 'Search the events' });
    await search.getByLabel('User').fill(user.sub);
    await search.getByLabel('Type').fill('credits.adjusted');
    await search.getByRole('button', { name: 'Search' }).click();
    await page.locator('#events tbody tr').nth(1).waitFor({ state: 'detached' });
    const row = page.locator('#events tbody tr');
    assert.equal(await row.count(), 1);
    assert.match(await row.innerText(), /−5/);
    await row.getByRole('button').click();
    const drawer = page.locator('#event');
    assert.match(await drawer.innerText(), /a mistake/);
    await isAccessible(page, 'an event');
    await screenshot(page, 'audit-event');
    const position = (await row.locator('td').first().innerText()).replaceAll(/\D/g, '');
    await until(async () => (await it.api.sealed(await it.api.token('auditor'), position)), 'a seal over it');
    const [file] = await Promise.all([page.waitForEvent('download'), drawer.getByRole('button', { name: TAKE_HOME }).click()]);
    assert.equal(file.suggestedFilename(), `cooly-proof-${position}.json`);
    assert.equal(JSON.parse(await readFile(await file.path(), 'utf8')).format, 'cooly-proof/1');
  });
});

test('what cannot be asked is said in the words of the API', async () => {
  await onPage({ refusals: [400, 404, 422] }, async (page) => {
    const search = page.getByRole('search', { name: 'Search the events' });
    await search.getByLabel('Type').fill('nonsense');
    await search.getByRole('button', { name: 'Search' }).click();
    await page.locator('#events-problem').getByText(/must be event types/).waitFor();
    await page.getByLabel('User').first().fill('<b>nobody</b>');
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.locator('#account-problem').getByText(/no such account/).waitFor();
    await page.getByLabel('From (UTC)').fill('2030-01-01');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.locator('#books-problem').getByText(/must not be in the future/).waitFor();
    await screenshot(page, 'audit-refused', { fullPage: true });
  });
});

test('tables are saved', async () => {
  await customer('saved');
  await onPage({}, async (page) => {
    for (const [name, head] of [['Save as CSV', 'line,source,amount'], ['Outstanding (CSV)', 'source,age_days'], ['Recognised (CSV)', 'day,source']]) {
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
      assert.ok((await readFile(await file.path(), 'utf8')).startsWith(head), name);
    }
  });
});

test('who is no auditor sees nothing', async () => {
  const user = await it.api.user(1, 'curious');
  await it.pages.with({ address: '/audit', before: (page) => page.route('**/dev/token', (route) => route.fulfill({ status: 404, json: {} })), refusals: [403, 404] }, async (page) => {
    await page.getByLabel('Access token').fill(user.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This page needs the role “auditor”').waitFor();
    assert.ok(await page.locator('main').isHidden());
  });
});

test('it reads well in every look', async () => {
  const user = await customer('looked-at');
  for (const { name, ...look } of LOOKS) {
    await onPage({ address: `/audit?account=${user.sub}`, ...look }, async (page) => {
      await page.locator('#account-story tbody tr').first().waitFor();
      await page.locator('#finance table').nth(1).waitFor();
      await checked(page, 'The log is sound');
      await fitsWidth(page);
      await isAccessible(page, `audit ${name}`);
      await screenshot(page, `audit-${name}`, { fullPage: true });
    });
  }
});

// The last one: from here on the log of this server is broken.
test('a log that somebody touched is red, and says where', { skip: Boolean(process.env.COOLY_URL) }, async () => {
  const user = await customer('victim');
  await tamper(it.server.data, "update events set amount = 501, actor = 'admin:mallory' where type = 'credits.granted' and version = 1 and payload ->> 'user' like 'victim-%'");
  for (const { name, ...look } of LOOKS) {
    await onPage({ address: `/audit?account=${user.sub}`, ...look }, async (page) => {
      await page.locator('#account-verdict').getByText(`The account of ${user.sub} is not what was written`).waitFor();
      await checked(page, 'The log is not what was written');
      assert.match(await page.locator('#whole-breaches').innerText(), /chain[\s\S]+it was changed after it was written[\s\S]+account [\da-f-]{36} · stream [\da-f-]{36} · version 1/);
      await page.locator('#books-verdict').getByText('It does not add up').waitFor();
      assert.match(await page.locator('#books-verdict').innerText(), /−1 available/);
      await fitsWidth(page);
      await isAccessible(page, `a broken log ${name}`);
      await screenshot(page, `audit-broken-${name}`, { fullPage: true });
    });
  }
});
