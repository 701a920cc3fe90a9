// What was used, in the drawer: by day and model, as a chart and as a table of the same numbers, which are the ledger's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { opened } from '../support/studio.js';
import { suite } from '../support/suite.js';

const it = suite();
const number = (text) => Number(text.replaceAll(/[\s\u202f]/g, '').replace('\u2212', '-'));

async function spender() {
  const user = await it.api.user(300, 'spender');
  await it.api.generate(user, 'sim-image', 'one');
  await it.api.generate(user, 'sim-image-strict', 'refused');
  await it.api.generate(user, 'sim-video', 'a clip');
  const { id } = await it.api.generate(user, 'sim-image', 'given back in part');
  await it.api.admin('POST', `/admin/accounts/${user.sub}/refunds`, { job_id: id, amount: '1', reason: 'a test' });
  await until(async () => (await it.api.history(user)).items.length === 7, 'the history to be caught up');
  return user;
}

/// What the events of the account say.
async function ledger(user) {
  const { items } = await it.api.history(user);
  const sum = (type, value) => items.filter((entry) => entry.type === type).reduce((all, entry) => all + Number(value(entry)), 0);
  return { charged: sum('credits.debited', ({ spent }) => spent) + sum('credits.captured', ({ spent }) => spent), refunded: sum('credits.refunded', ({ amount }) => amount) };
}

async function drawer(page) {
  await opened(page);
  await page.locator('#balance').click();
  await page.locator('.usage-chart').waitFor();
}

test('chart and table say what the ledger says, over every range', async () => {
  const user = await spender();
  const { charged, refunded } = await ledger(user);
  assert.deepEqual([charged, refunded], [32, 5]);
  await it.pages.with({ tokens: { user: user.token }, refusals: [400] }, async (page) => {
    await drawer(page);
    assert.equal(await page.locator('.usage-chart .bar-day').count(), 30);
    assert.equal(number(await page.locator('#drawer-spent').textContent()), charged - refunded);
    assert.match(await page.locator('#usage-sums').innerText(), /Charged\s+32\s+Came back\s+5/);
    assert.match(await page.locator('.usage-models').innerText(), /20[\s\S]*7/);
    assert.match(await page.locator('.usage-chart').getAttribute('aria-label'), /The table has every figure/);
    await screenshot(page, 'usage-chart');
    for (const days of [7, 90]) {
      await page.getByText(`${days} days`, { exact: true }).click();
      await until(async () => (await page.locator('.usage-chart .bar-day').count()) === days, `${days} bars`, 10_000);
    }
    await page.getByText('Table', { exact: true }).click();
    const sums = await page.locator('.usage-table tbody tr').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('.figure')].map(({ textContent }) => textContent)));
    const column = (place) => sums.reduce((all, figures) => all + number(figures[place]), 0);
    assert.deepEqual([column(0), column(1), column(2), column(3)], [4, charged, refunded, 0]);
    const foot = (await page.locator('.usage-table tfoot .figure').allTextContents()).map(number);
    assert.deepEqual(foot, [4, charged, refunded, 0]);
    await screenshot(page, 'usage-table');
    await page.getByText('Range', { exact: true }).click();
    await page.getByLabel('Last day').fill('2020-01-31');
    await page.getByText(/must not be after `to`/).waitFor();
    await page.getByLabel('First day').fill('2020-01-01');
    await page.getByText('Nothing was used in these days.').waitFor();
    await page.getByText('Chart', { exact: true }).click();
    await until(async () => (await page.locator('.usage-chart .bar-day').count()) === 31, '31 bars', 10_000);
    await page.getByLabel('First day').fill('2018-01-01');
    await page.getByText(/at most 366 days/).waitFor();
    await screenshot(page, 'usage-range');
  });
});

test('days are those of the viewer', async () => {
  const user = await spender();
  const asked = [];
  await it.pages.with({ tokens: { user: user.token }, timezoneId: 'Asia/Kathmandu' }, async (page) => {
    page.on('request', (request) => request.url().includes('/v1/usage') && asked.push(new URL(request.url()).searchParams));
    await drawer(page);
    await page.getByText('Days of Asia/Kat').waitFor();
    const there = new Date(Date.now() + 5.75 * 3_600_000).toISOString().slice(0, 10);
    assert.equal(asked[0].get('to'), there);
    assert.match(asked[0].get('zone'), /^Asia\/Kat/);
    assert.equal(number(await page.locator('#drawer-spent').textContent()), 27);
  });
});

test('the choices work by keyboard, fit a phone and can be read by everybody', async () => {
  const user = await spender();
  for (const [look, options] of Object.entries({ light: {}, dark: { colorScheme: 'dark' }, phone: { viewport: PHONE }, 'phone-dark': { viewport: PHONE, colorScheme: 'dark' } })) {
    await it.pages.with({ tokens: { user: user.token }, ...options }, async (page) => {
      await drawer(page);
      await page.locator('#usage-form input[name="days"]:checked').focus();
      await page.keyboard.press('ArrowRight');
      await until(async () => (await page.locator('.usage-chart .bar-day').count()) === 90, '90 bars', 10_000);
      await fitsWidth(page);
      await isAccessible(page, `usage chart ${look}`);
      await page.locator('#usage-title').scrollIntoViewIfNeeded();
      await screenshot(page, `usage-${look}`);
      await page.locator('#usage-form input[name="view"]:checked').focus();
      await page.keyboard.press('ArrowRight');
      await page.locator('.usage-table').waitFor();
      await fitsWidth(page);
      await isAccessible(page, `usage table ${look}`);
      await screenshot(page, `usage-table-${look}`);
    });
  }
});
