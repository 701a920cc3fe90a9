// The studio when the network or the token lets it down.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { screenshot } from '../support/browser.js';
import { balanceIs, generate, inStatus, opened, pictures } from '../support/studio.js';
import { suite } from '../support/suite.js';

const it = suite();

test('an answer that is lost is asked for again with the same key, and paid for once', async () => {
  const user = await it.api.user(20);
  const keys = [];
  const before = (page) => page.route('**/v1/generations', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort('connectionreset');
  });
  const isLost = (text) => text.includes('ERR_CONNECTION_RESET');
  await it.pages.with({ tokens: { user: user.token }, before, tolerates: isLost }, async (page) => {
    await opened(page);
    await pictures(await generate(page, { prompt: 'Once only' }));
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    assert.equal(await page.locator('.card').count(), 1);
    await balanceIs(page, 16);
    assert.equal(await it.api.balance(user), 16);
  });
});

test('every click has a key of its own', async () => {
  const user = await it.api.user(20);
  const keys = new Set();
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    page.on('request', (request) => request.method() === 'POST' && keys.add(request.headers()['idempotency-key']));
    await opened(page);
    await generate(page, { prompt: 'Twice' });
    await generate(page, { prompt: 'Twice' });
    assert.equal([...keys].filter(Boolean).length, 2);
    assert.equal(await it.api.balance(user), 12);
  });
});

test('without a stream the page asks, and with one again it listens', async () => {
  const user = await it.api.user(20);
  const before = (page) => page.route('**/v1/events', (route) => route.abort());
  const isStream = (text) => text.includes('ERR_FAILED');
  await it.pages.with({ tokens: { user: user.token }, before, tolerates: isStream }, async (page) => {
    await page.locator('#models .model').first().waitFor();
    await page.getByText('Reconnecting…').waitFor();
    await pictures(await generate(page, { prompt: 'By asking' }));
    await page.unroute('**/v1/events');
    await page.locator('#live.on').waitFor();
  });
});

test('what happened elsewhere is there after a reload and on an open page', async () => {
  const user = await it.api.user(20);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await it.api.generate(user, 'sim-image', 'Made by another client');
    const card = page.locator('.card').filter({ hasText: 'Made by another client' });
    await inStatus(card, 'succeeded');
    await page.reload();
    await pictures(card);
  });
});

test('without demo tokens the page asks for one, and says what is wrong with it', async () => {
  const user = await it.api.user(20);
  const admin = await it.api.token('admin');
  const before = (page) => page.route('**/dev/token', (route) => route.fulfill({ status: 404, body: '{}' }));
  await it.pages.with({ before, refusals: [401, 403, 404] }, async (page) => {
    const field = page.getByLabel('Access token');
    await field.waitFor();
    assert.equal(await page.locator('main').isVisible(), false);
    await field.fill('not.a.token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(/does not accept this token/).waitFor();
    await screenshot(page, 'sign-in');
    await field.fill(admin);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(/has another role/).waitFor();
    await field.fill(user.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await opened(page);
    const kept = await page.evaluate(() => ({ local: localStorage.length, cookies: document.cookie, session: sessionStorage.length }));
    assert.deepEqual(kept, { local: 0, cookies: '', session: 0 });
  });
});

test('what got no answer keeps its key over clicks and a reload, and is paid for once', async () => {
  const user = await it.api.user(20);
  const keys = new Set();
  let isCut = true;
  const before = (page) => page.route('**/v1/generations', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.add(route.request().headers()['idempotency-key']);
    if (!isCut) return route.continue();
    await route.fetch();
    return route.abort('connectionreset');
  });
  const tolerates = (text) => text.includes('ERR_CONNECTION_RESET');
  await it.pages.with({ tokens: { user: user.token }, before, tolerates }, async (page) => {
    await opened(page);
    await page.getByLabel('Prompt', { exact: true }).fill('Paid for once');
    for (const round of ['first', 'second']) {
      await page.locator('#generate').click();
      await page.getByText(/The server cannot be reached/).waitFor();
      assert.equal(keys.size, 1, `the ${round} click`);
    }
    await page.reload();
    await opened(page);
    await page.getByText(/got no answer/).waitFor();
    assert.equal(await page.getByLabel('Prompt', { exact: true }).inputValue(), 'Paid for once');
    await screenshot(page, 'studio-unanswered');
    isCut = false;
    await page.locator('#generate').click();
    await until(async () => (await page.evaluate(() => sessionStorage.getItem('cooly.unanswered.user'))) === null, 'an answer');
    assert.equal(keys.size, 1);
    assert.equal((await it.api.generations(user)).items.length, 1);
    assert.equal(await it.api.balance(user), 16);
  });
});

test('pictures that could not be had while offline come back by themselves', async () => {
  const user = await it.api.user(20);
  let isOffline = true;
  const before = (page) => page.route('**/outputs/*', (route) => (isOffline ? route.abort('internetdisconnected') : route.continue()));
  const tolerates = (text) => text.includes('ERR_INTERNET_DISCONNECTED');
  await it.api.generate(user, 'sim-image', 'Away for a moment');
  await it.pages.with({ tokens: { user: user.token }, before, tolerates }, async (page) => {
    await opened(page);
    await page.locator('.media.missing').waitFor();
    isOffline = false;
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.locator('.media.ready').waitFor();
    assert.equal(await page.locator('.media.missing').count(), 0);
  });
});

test('a session that ends says so, loses nothing, and leaves no complaint behind', async () => {
  const user = await it.api.user(20);
  // The purchase is what finds out. Whatever the page asks by itself would otherwise hide the button before it is pressed.
  let [endsWithPurchase, isOver] = [false, false];
  const refuse = (route) => route.fulfill({
    status: 401, contentType: 'application/problem+json', body: JSON.stringify({ status: 401, code: 'token_invalid', title: 'Not signed in', detail: 'Send a valid token.' }),
  });
  const before = async (page) => {
    await page.route('**/dev/token', (route) => route.fulfill({ status: 404, body: '{}' }));
    await page.route('**/v1/**', (route) => {
      isOver ||= endsWithPurchase && route.request().method() === 'POST';
      return isOver ? refuse(route) : route.continue();
    });
  };
  await it.pages.with({ tokens: { user: user.token }, before, refusals: [401, 404] }, async (page) => {
    await opened(page);
    await page.getByLabel('Prompt', { exact: true }).fill('Still here afterwards');
    endsWithPurchase = true;
    await page.locator('#generate').click();
    await page.getByText('Your session has ended. Paste a new token to go on; nothing on the page is lost.').waitFor();
    assert.equal(await page.locator('main').isVisible(), false);
    await screenshot(page, 'session-ended');
    [endsWithPurchase, isOver] = [false, false];
    await page.getByLabel('Access token').fill(user.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await opened(page);
    assert.equal(await page.getByLabel('Prompt', { exact: true }).inputValue(), 'Still here afterwards');
    const complaints = await page.locator('main .problem, #notices').allInnerTexts();
    assert.deepEqual(complaints.filter((text) => text.trim()), []);
    assert.doesNotMatch(await page.locator('body').innerText(), /session has ended|Authorization|valid token/);
    await pictures(await generate(page, { prompt: 'Still here afterwards' }));
    assert.equal(await it.api.balance(user), 16);
  });
});
