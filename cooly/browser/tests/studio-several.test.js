// Several prompts at once: what all cost is said before the click, all are bought or none, and a lost answer is paid for once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { balanceIs, opened } from '../support/studio.js';
import { suite } from '../support/suite.js';

const it = suite();

async function write(page, text) {
  await page.getByLabel('One prompt a line').check();
  await page.getByLabel('Prompt', { exact: true }).fill(text);
}

test('each line is a generation, and the price of all is said before the click', async () => {
  const user = await it.api.user(100);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await write(page, 'A red kite\n\n  A blue kite  \nA green kite\n');
    assert.match(await page.locator('#generate').innerText(), /Generate 3 prompts\s*12\scredits/);
    await page.getByLabel('How many').fill('2');
    assert.match(await page.locator('#cost').textContent(), /24\scredits/);
    await screenshot(page, 'several-before');
    await page.locator('#generate').click();
    await page.locator('.card').nth(2).waitFor();
    const prompts = await page.locator('.card .prompt').allTextContents();
    assert.deepEqual(prompts.toSorted(), ['A blue kite', 'A green kite', 'A red kite']);
    await balanceIs(page, 76);
    assert.equal(await it.api.balance(user), 76);
    await page.getByText('Accepted: 3 generations.').waitFor({ state: 'attached' });
    await until(async () => (await page.locator('.card[data-status="succeeded"]').count()) === 3, 'three pictures');
    await screenshot(page, 'several-made');
  });
});

test('one line is one purchase, too many are refused before they are sent, and what is wrong is told by its line', async () => {
  const user = await it.api.user(1_000);
  const asked = [];
  await it.pages.with({ tokens: { user: user.token }, refusals: [422] }, async (page) => {
    page.on('request', (request) => request.method() === 'POST' && asked.push(new URL(request.url()).pathname));
    await opened(page);
    await write(page, 'Alone');
    assert.match(await page.locator('#generate').innerText(), /^Generate\s*4\scredits/);
    await page.locator('#generate').click();
    await page.locator('.card').first().waitFor();
    assert.deepEqual(asked, ['/v1/generations']);
    await write(page, Array.from({ length: 101 }, (_, place) => `line ${place}`).join('\n'));
    await page.locator('#generate').click();
    await page.getByText('These are 101 prompts, and 100 can be asked for at once.').waitFor();
    await write(page, `fine\n\n${'x'.repeat(4_001)}`);
    await page.locator('#generate').click();
    await page.getByText(/Line 3: prompt must have 1 to 4000 characters/).waitFor();
    assert.equal(await it.api.balance(user), 996);
  });
});

test('too few credits buy none of them', async () => {
  const user = await it.api.user(7);
  await it.pages.with({ tokens: { user: user.token }, refusals: [402] }, async (page) => {
    await opened(page);
    await write(page, 'one\ntwo');
    assert.match(await page.locator('#short').textContent(), /You have 7 of the 8\scredits that this costs\. Ask whoever runs this service for more\./);
    await page.locator('#generate').click();
    await page.getByText(/Not enough credits/).waitFor();
    assert.equal(await page.locator('.card').count(), 0);
    assert.equal(await it.api.balance(user), 7);
  });
});

test('what got no answer keeps its key over a reload, and is paid for once', async () => {
  const user = await it.api.user(20);
  const keys = new Set();
  let isCut = true;
  const before = (page) => page.route('**/v1/generations/batch', async (route) => {
    keys.add(route.request().headers()['idempotency-key']);
    if (!isCut) return route.continue();
    await route.fetch();
    return route.abort('connectionreset');
  });
  const tolerates = (text) => text.includes('ERR_CONNECTION_RESET');
  await it.pages.with({ tokens: { user: user.token }, before, tolerates }, async (page) => {
    await opened(page);
    await write(page, 'first\nsecond');
    await page.locator('#generate').click();
    await page.getByText(/The server cannot be reached/).waitFor();
    await page.reload();
    await opened(page);
    await page.getByText(/got no answer/).waitFor();
    assert.equal(await page.getByLabel('Prompt', { exact: true }).inputValue(), 'first\nsecond');
    assert.ok(await page.getByLabel('One prompt a line').isChecked());
    isCut = false;
    await page.locator('#generate').click();
    await until(async () => (await page.evaluate(() => sessionStorage.getItem('cooly.unanswered.user'))) === null, 'an answer');
    assert.equal(keys.size, 1);
    assert.equal((await it.api.generations(user)).items.length, 2);
    assert.equal(await it.api.balance(user), 12);
  });
});

test('it fits a phone in the dark and can be read by everybody', async () => {
  const user = await it.api.user(20);
  await it.pages.with({ tokens: { user: user.token }, viewport: PHONE, colorScheme: 'dark' }, async (page) => {
    await opened(page);
    await write(page, 'one\ntwo');
    await fitsWidth(page);
    await isAccessible(page, 'several prompts');
    await screenshot(page, 'several-phone-dark');
  });
});
