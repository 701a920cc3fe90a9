// Looking for generations in the studio: filters and words, in the address too, and what comes in meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { opened } from '../support/studio.js';
import { suite } from '../support/suite.js';

const it = suite();
const DAY = 86_400_000;
const day = (back) => new Date(Date.now() - back * DAY - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
const prompts = (page) => page.locator('.card .prompt').allTextContents();
const showing = (page, ...expected) => until(async () => JSON.stringify(await prompts(page)) === JSON.stringify(expected), `the cards ${expected.join(', ')}`, 15_000);

async function collector() {
  const user = await it.api.user(300, 'collector');
  for (const [prompt, model] of [['A red Fox', 'sim-image'], ['A cat', 'sim-image'], ['Two foxes', 'sim-image-strict'], ['Waves', 'sim-image']]) {
    await it.api.generate(user, model, prompt);
  }
  return user;
}

test('words, state, model and days find what has them, and the address keeps them', async () => {
  const user = await collector();
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await showing(page, 'Waves', 'Two foxes', 'A cat', 'A red Fox');
    await page.getByLabel('Words in the prompt').fill('fox');
    await showing(page, 'Two foxes', 'A red Fox');
    await page.getByLabel('State').selectOption('failed');
    await showing(page, 'Two foxes');
    assert.equal(new URL(page.url()).search, '?q=fox&status=failed');
    await screenshot(page, 'history-filtered');
    await page.reload();
    await showing(page, 'Two foxes');
    assert.equal(await page.getByLabel('Words in the prompt').inputValue(), 'fox');
    await page.getByRole('button', { name: 'Clear' }).click();
    await showing(page, 'Waves', 'Two foxes', 'A cat', 'A red Fox');
    assert.equal(new URL(page.url()).search, '');
    await page.locator('#history-model').selectOption('sim-image-strict');
    await showing(page, 'Two foxes');
    await page.locator('#history-model').selectOption('');
    await page.getByLabel('From').fill(day(1));
    await page.getByLabel('To', { exact: true }).fill(day(0));
    await showing(page, 'Waves', 'Two foxes', 'A cat', 'A red Fox');
    await page.getByLabel('To', { exact: true }).fill(day(1));
    await page.getByText('Nothing of yours is like that.').waitFor();
    await screenshot(page, 'history-nothing');
    await page.getByLabel('From').fill(day(0));
    await page.getByText('The first day is after the last one.').waitFor();
    assert.deepEqual(await prompts(page), []);
  });
});

test('a filter in the address that cannot be read is said, and shows nothing more than was asked for', async () => {
  const user = await collector();
  for (const address of ['/?status=broken', '/?from=2026-02-31', '/?state=failed', `/?q=${'x'.repeat(101)}`]) {
    await it.pages.with({ address, tokens: { user: user.token } }, async (page) => {
      await opened(page);
      await page.getByText('This address has a filter that does not exist').waitFor();
      assert.equal(await page.locator('.card').count(), 0, address);
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.locator('.card').nth(3).waitFor();
      assert.equal(await page.locator('#history-problem').textContent(), '');
    });
  }
});

test('what a link tells of where a visitor came from is no filter', async () => {
  const user = await collector();
  await it.pages.with({ address: '/?utm_source=letter&utm_campaign=autumn&fbclid=x1', tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.locator('.card').nth(3).waitFor();
    assert.equal(await page.locator('#history-problem').textContent(), '');
  });
});

test('a model that is not on offer any more can still be looked for', async () => {
  const user = await collector();
  await it.pages.with({ address: '/?model=long-gone', tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.getByText('Nothing of yours is like that.').waitFor();
    assert.equal(await page.locator('#history-model').inputValue(), 'long-gone');
  });
});

test('what is made elsewhere waits behind a button and moves nothing', async () => {
  const user = await collector();
  await it.pages.with({ address: '/?q=fox', tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await showing(page, 'Two foxes', 'A red Fox');
    await page.evaluate(() => {
      window.shifted = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({ value, hadRecentInput }) => { window.shifted += hadRecentInput ? 0 : value; }))
        .observe({ type: 'layout-shift', buffered: false });
    });
    await it.api.generate(user, 'sim-image', 'A third FOX');
    await it.api.generate(user, 'sim-image', 'Nothing of the kind');
    const fresh = page.getByRole('button', { name: 'Show 1 new one' });
    await fresh.waitFor();
    assert.deepEqual(await prompts(page), ['Two foxes', 'A red Fox']);
    await screenshot(page, 'history-new');
    const shifted = await page.evaluate(() => window.shifted);
    assert.ok(shifted < 0.02, `the page moved by ${shifted}`);
    await fresh.click();
    await showing(page, 'A third FOX', 'Two foxes', 'A red Fox');
    assert.equal(await fresh.isVisible(), false);
    // What is made here is shown at once, whatever is looked for.
    await page.getByLabel('Prompt', { exact: true }).fill('A heron');
    await page.locator('#generate').click();
    await showing(page, 'A heron', 'A third FOX', 'Two foxes', 'A red Fox');
    assert.equal(await fresh.isVisible(), false);
  });
});

test('a search that was cut says how far it went, and goes on', async () => {
  const user = await collector();
  const cut = '2026-05-03T10:00:00Z';
  let asked = 0;
  const before = (page) => page.route('**/v1/generations?*q=needle*', (route) => {
    asked += 1;
    const isFirst = !new URL(route.request().url()).searchParams.has('cursor');
    return route.fulfill({ json: isFirst ? { items: [], next_cursor: 'there', searched_until: cut } : { items: [], next_cursor: null } });
  });
  await it.pages.with({ address: '/?q=needle', tokens: { user: user.token }, before }, async (page) => {
    await page.getByText(/Searched back to .*2026/).waitFor();
    assert.equal(await page.getByText('Nothing of yours is like that.').isVisible(), false, 'that is not known yet');
    await screenshot(page, 'history-cut');
    await page.getByRole('button', { name: 'Search further back' }).click();
    await page.getByText('Nothing of yours is like that.').waitFor();
    assert.ok(asked >= 2);
  });
});

test('the filters fit a phone, work by keyboard and can be read by everybody', async () => {
  const user = await collector();
  for (const [look, options] of Object.entries({ light: {}, dark: { colorScheme: 'dark' }, phone: { viewport: PHONE }, 'phone-dark': { viewport: PHONE, colorScheme: 'dark' } })) {
    await it.pages.with({ address: '/?q=fox', tokens: { user: user.token }, ...options }, async (page) => {
      await opened(page);
      await showing(page, 'Two foxes', 'A red Fox');
      await fitsWidth(page);
      await isAccessible(page, `history ${look}`);
      await page.locator('.gallery').scrollIntoViewIfNeeded();
      await screenshot(page, `history-${look}`, { fullPage: true });
      await page.getByLabel('Words in the prompt').focus();
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'history-status');
    });
  }
});
