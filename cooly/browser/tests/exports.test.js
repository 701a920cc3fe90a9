// All of a list as a file, from the pages: what is saved is what the list has, under the filters that are set.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { opened } from '../support/studio.js';
import { suite } from '../support/suite.js';
import { cell, lines, rows, saved } from '../support/table.js';

const it = suite();
const FAILED = '/admin/dlq/messages';
const FORMULA = '=HYPERLINK("http://evil"), a fox;\nand another';
const LOOKS = { light: {}, dark: { colorScheme: 'dark' }, phone: { viewport: PHONE }, 'phone-dark': { viewport: PHONE, colorScheme: 'dark' } };

/// The buttons of a list.
const csv = (place) => place.getByRole('button', { name: 'Export as CSV' });
const ndjson = (place) => place.getByRole('button', { name: 'Export as NDJSON' });

/// Saves both files, and compares them with these items.
async function compared(page, place, list, items) {
  assert.ok(items.length > 0);
  const exported = await saved(page, ndjson(place));
  assert.match(exported.name, new RegExp(`^cooly-${list}-\\d{8}T\\d{6}Z\\.ndjson$`));
  assert.deepEqual(lines(exported.text).items, items);
  assert.equal(lines(exported.text).told.rows, items.length);
  const table = await saved(page, csv(place));
  assert.match(table.name, new RegExp(`^cooly-${list}-\\d{8}T\\d{6}Z\\.csv$`));
  const found = rows(table.text);
  assert.equal(found.length, items.length);
  found.forEach((row, index) => {
    for (const [column, shown] of Object.entries(row)) assert.equal(shown, cell(items[index], column), `${column} of row ${index + 1}`);
  });
  return found;
}

async function collector() {
  const user = await it.api.user(300, 'collector');
  for (const [prompt, model] of [[FORMULA, 'sim-image'], ['A cat', 'sim-image'], ['Two foxes', 'sim-image-strict']]) await it.api.generate(user, model, prompt);
  return user;
}

async function unlucky(prompts) {
  const user = await it.api.user(prompts.length * 4, 'unlucky');
  for (const prompt of prompts) await it.api.dead(user, prompt);
  return user;
}

test('failed jobs are saved as they are filtered and ordered', async () => {
  const user = await unlucky([FORMULA, 'A bear', 'A late fox']);
  await unlucky(['of somebody else']);
  await it.pages.with({ address: `${FAILED}?user=${user.sub}` }, async (page) => {
    const place = page.getByRole('group', { name: 'All failed jobs that match' });
    await until(async () => (await page.locator('#rows tr').count()) === 3, 'three rows', 20_000);
    const all = await it.api.admin('GET', `${FAILED}?user=${user.sub}&limit=100`);
    const found = await compared(page, place, 'dead-letters', all.items);
    assert.equal(found.at(-1).prompt, `'${FORMULA}`);
    await screenshot(page, 'export-failed-jobs');
    await page.getByLabel('Search messages and prompts').fill('fox');
    await page.getByLabel('Order').selectOption('oldest');
    await until(async () => (await page.locator('#rows tr').count()) === 2, 'two rows', 20_000);
    const some = await it.api.admin('GET', `${FAILED}?user=${user.sub}&q=fox&sort=oldest&limit=100`);
    assert.equal(some.items.length, 2);
    await compared(page, place, 'dead-letters', some.items);
  });
});

test('generations are saved as they are looked for', async () => {
  const user = await collector();
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    const place = page.getByRole('group', { name: 'All generations that match' });
    await page.locator('.card').nth(2).waitFor();
    await compared(page, place, 'generations', (await it.api.generations(user)).items);
    await page.getByLabel('Words in the prompt').fill('fox');
    await page.getByLabel('State').selectOption('succeeded');
    await until(async () => (await page.locator('.card').count()) === 1, 'one card', 15_000);
    const { items } = await it.api.get(user, '/v1/generations?q=fox&status=succeeded');
    const found = await compared(page, place, 'generations', items);
    assert.equal(found[0].prompt, `'${FORMULA}`);
    await screenshot(page, 'export-generations');
  });
});

test('the history of credits is saved whole', async () => {
  const user = await collector();
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.locator('#balance').click();
    const place = page.getByRole('group', { name: 'All changes of your credits' });
    await place.waitFor();
    await compared(page, place, 'credit-history', (await it.api.history(user)).items);
    await place.scrollIntoViewIfNeeded();
    await screenshot(page, 'export-credits');
  });
});

test('nothing is saved under a filter that cannot be read', async () => {
  const user = await collector();
  const nothing = async (page, place) => {
    let downloads = 0;
    page.on('download', () => { downloads += 1; });
    await csv(place).click();
    await page.locator('.notice').getByText('has a filter that does not exist').waitFor();
    assert.equal(downloads, 0);
  };
  await it.pages.with({ address: '/?status=broken', tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await nothing(page, page.getByRole('group', { name: 'All generations that match' }));
  });
  await it.pages.with({ address: `${FAILED}?class=bogus` }, async (page) => {
    await nothing(page, page.getByRole('group', { name: 'All failed jobs that match' }));
  });
});

test('a file that does not come is told, and nothing is saved', async () => {
  const user = await collector();
  const before = (page) => page.route('**/v1/generations?*format=csv*', (route) => route.abort('connectionreset'));
  await it.pages.with({ tokens: { user: user.token }, before, tolerates: (text) => text.includes('ERR_CONNECTION_RESET') }, async (page) => {
    await opened(page);
    let downloads = 0;
    page.on('download', () => { downloads += 1; });
    await csv(page.getByRole('group', { name: 'All generations that match' })).click();
    await page.locator('.notice.bad').getByText('This cannot be saved.').waitFor();
    assert.equal(downloads, 0);
  });
});

test('the buttons fit every look, and work by keyboard', async () => {
  const user = await collector();
  const poor = await unlucky(['A bear']);
  for (const [look, options] of Object.entries(LOOKS)) {
    await it.pages.with({ tokens: { user: user.token }, ...options }, async (page) => {
      await opened(page);
      await page.locator('.card').nth(2).waitFor();
      await fitsWidth(page);
      await isAccessible(page, `studio ${look}`);
      await page.locator('#history-filters').scrollIntoViewIfNeeded();
      await screenshot(page, `export-studio-${look}`);
      await page.locator('#balance').click();
      await page.locator('#history li').first().waitFor();
      await fitsWidth(page);
      await page.locator('#credits-export').scrollIntoViewIfNeeded();
      await screenshot(page, `export-drawer-${look}`);
    });
    await it.pages.with({ address: `${FAILED}?user=${poor.sub}`, ...options }, async (page) => {
      await page.locator('#rows tr').first().waitFor();
      await fitsWidth(page);
      await isAccessible(page, `failed jobs ${look}`);
      await page.locator('#export').scrollIntoViewIfNeeded();
      await screenshot(page, `export-failed-${look}`);
      await csv(page.locator('#export')).focus();
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Export as NDJSON');
      const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
      assert.match(file.suggestedFilename(), /^cooly-dead-letters-.*\.ndjson$/);
    });
  }
});
