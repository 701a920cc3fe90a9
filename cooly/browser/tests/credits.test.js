// Lots, holds and statements, as the user of the studio sees them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { balanceIs, generate, inStatus, opened } from '../support/studio.js';
import { suite } from '../support/suite.js';

const it = suite();
const soon = (days) => new Date(Date.now() + days * 86_400_000 + 60_000).toISOString();

/// A user with credits of every kind: some expire soon, some begin later, some are held.
async function provided() {
  const user = await it.api.user(0, 'lots');
  for (const grant of [
    { amount: '500', reason: 'top-up of 4 November', source: 'purchase' },
    { amount: '120', reason: 'plan for November', source: 'plan', priority: 10, expires_at: soon(3) },
    { amount: '40', reason: 'welcome', source: 'promo', priority: 20, expires_at: soon(40) },
    { amount: '120', reason: 'plan for December', source: 'plan', priority: 10, effective_at: soon(7), expires_at: soon(38) },
  ]) await it.api.grant(user, grant);
  await it.api.hold(user, { amount: '20', reason: 'a call' });
  return user;
}

test('the drawer shows the lots in the order in which they are spent, and what is held', async () => {
  const user = await provided();
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    assert.match(await page.locator('#balance').innerText(), /640 credits · 20 held/);
    assert.match(await page.locator('#soon').textContent(), /100\scredits expire within a week, the first in 3 days/);
    await screenshot(page, 'credits-studio');
    await page.locator('#balance').click();
    await page.locator('#lots .lots li').nth(3).waitFor();
    const names = await page.locator('#lots .lots strong').allTextContents();
    assert.deepEqual(names, ['plan for November', '100', 'welcome', '40', 'top-up of 4 November', '500', 'plan for December', '120']);
    const first = await page.locator('#lots .lots li').first().innerText();
    assert.match(first, /Plan · expires in 3 days · spent first/);
    assert.match(first, /of 120/);
    assert.equal(await page.locator('#lots .lots-bar rect').count(), 3);
    assert.equal(await page.locator('#drawer-pending').textContent(), '120');
    assert.match(await page.locator('#holds').textContent(), /20\scredits held for a call/);
    await screenshot(page, 'credits-drawer');
  });
});

test('the drawer fits a phone in the dark', async () => {
  const user = await provided();
  await it.pages.with({ tokens: { user: user.token }, viewport: PHONE, colorScheme: 'dark' }, async (page) => {
    await opened(page);
    await fitsWidth(page);
    await screenshot(page, 'credits-studio-phone-dark');
    await page.locator('#balance').click();
    await page.locator('#lots .lots li').first().waitFor();
    await page.locator('#history li').first().waitFor();
    await fitsWidth(page);
    await screenshot(page, 'credits-drawer-phone-dark');
  });
});

test('a clip that is paid by the second is held at its most, and costs what was made', async () => {
  const user = await it.api.user(100, 'metered');
  const { items } = await it.api.models(user);
  const { id, price } = items.find(({ pricing }) => pricing === 'per_second');
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.locator(`#models input[value="${id}"]`).check();
    const most = (seconds) => new RegExp(`^up to ${Number(price) * seconds}\\scredits$`);
    assert.match(await page.locator('#cost').textContent(), most(3));
    await page.getByLabel('Length').fill('2');
    assert.match(await page.locator('#cost').textContent(), most(2));
    await screenshot(page, 'credits-by-the-second');
    const card = await generate(page, { prompt: 'A boat goes by', model: id });
    await page.locator('#held').getByText(/held/).waitFor();
    await balanceIs(page, 100 - Number(price) * 2);
    await inStatus(card, 'succeeded');
    await page.locator('#held').waitFor({ state: 'hidden' });
    const { available } = await it.api.credits(user);
    assert.ok(Number(available) >= 100 - Number(price) * 2 && Number(available) < 100, available);
    await balanceIs(page, Number(available));
  });
});

test('a user without credits sees none', async () => {
  const user = await it.api.user(0, 'poor');
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    assert.ok(await page.locator('#soon').isHidden());
    assert.ok(await page.locator('#held').isHidden());
    await page.locator('#balance').click();
    await page.getByText('There are no credits.').waitFor();
  });
});

test('the statement of the month is a link away, and reads without a script', async () => {
  const user = await provided();
  await it.api.generate(user, 'sim-image', 'For the statement');
  await it.api.generate(user, 'sim-image-strict', 'Refused for the statement');
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.locator('#balance').click();
    await page.getByRole('link', { name: 'Statement to print' }).click();
    await page.locator('.statement h1').waitFor();
    const words = await page.locator('.statement').innerText();
    assert.match(words, /Opening balance/);
    assert.match(words, /Plan: plan for November, expires/);
    assert.match(words, /Refund: the generation failed/);
    assert.match(words, /Set aside: a call/);
    assert.match(words, /At the end\s+776/);
    await screenshot(page, 'statement', { fullPage: true });
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as table' }).click()]);
    assert.match(file.suggestedFilename(), /^statement-\d{4}-\d{2}\.csv$/);
    assert.match(await readFile(await file.path(), 'utf8'), /^time,type,description,/);
    await page.locator('#month').selectOption({ index: 2 });
    await page.getByText('0 entries').waitFor();
  });
});

test('what the server writes as a page stands alone, on a phone and on paper', async () => {
  const user = await provided();
  await it.api.generate(user, 'sim-image', 'For the statement');
  const alone = async (route) => {
    const response = await route.fetch({ headers: { ...route.request().headers(), authorization: `Bearer ${user.token}` } });
    await route.fulfill({ response });
  };
  const address = '/v1/credits/statement?format=html';
  const before = (page) => page.route(`**${address}`, alone);
  await it.pages.with({ address, before, viewport: PHONE, colorScheme: 'dark' }, async (page) => {
    assert.equal(await page.locator('script').count(), 0);
    assert.match(await page.locator('h1').textContent(), /Statement of credits/);
    await fitsWidth(page);
    await screenshot(page, 'statement-phone-dark', { fullPage: true });
  });
  await it.pages.with({ address, before, colorScheme: 'dark' }, async (page) => {
    await screenshot(page, 'statement-dark', { fullPage: true });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.setViewportSize({ width: 794, height: 1123 });
    const [ink, paper] = await page.locator('.statement').evaluate((one) => [getComputedStyle(one).color, getComputedStyle(document.body).backgroundColor]);
    assert.equal(ink, 'rgb(23, 32, 42)', 'dark ink');
    assert.equal(paper, 'rgb(255, 255, 255)', 'on white paper');
    await screenshot(page, 'statement-paper', { fullPage: true });
  });
});

test('an admin reads the statement of an account', async () => {
  const user = await provided();
  const admin = await it.api.token('admin');
  await it.pages.with({ address: `/statement?user=${user.sub}`, tokens: { admin } }, async (page) => {
    await page.locator('.statement h1').waitFor();
    assert.match(await page.locator('.statement-head').innerText(), new RegExp(user.sub));
  });
});
