// Signing in and out: the browser keeps the token where no script can read it, all tabs share it, and the bar shows the pages of
// those who are signed in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAccessible } from '../support/axe.js';
import { PHONE, fitsWidth, screenshot } from '../support/browser.js';
import { opened } from '../support/studio.js';
import { suite } from '../support/suite.js';

const it = suite();
const FAILED = '/admin/dlq/messages';

/// Has pages believe that the server hands out no tokens. Where requests are taken up and sent on instead, they no longer say where
/// they come from.
const strict = (context) => context.addInitScript(() => {
  const real = window.fetch;
  window.fetch = async (address, init) => {
    const response = await real(address, init);
    if (address !== '/session' || init.method !== 'GET') return response;
    return Response.json({ ...(await response.json()), hands_out_tokens: false });
  };
});
const before = (page) => strict(page.context());

async function signIn(page, token) {
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/// The pages in the bar.
const links = (page) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts();

test('one signs in once for all tabs, no script sees the token, and a reload keeps it', async () => {
  const user = await it.api.user(20, 'signed-in');
  await it.pages.with({ before }, async (page) => {
    await signIn(page, user.token);
    await opened(page);
    assert.match(await page.locator('#caller').innerText(), /^Signed in as signed-in/);
    const seen = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
    assert.equal(seen, JSON.stringify([{}, {}, '']));
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.secure, cookie.sameSite], ['__Host-cooly-user', true, true, 'Strict']);
    await page.reload();
    await opened(page);
    const another = await page.context().newPage();
    await another.goto('/statement');
    await another.getByRole('button', { name: 'Sign out' }).waitFor();
    await fitsWidth(page);
    await isAccessible(page, 'signed in');
  });
});

test('the bar shows the pages of those who are signed in', async () => {
  const user = await it.api.user(20, 'plain');
  const admin = await it.api.token('admin');
  await it.pages.with({ before }, async (page) => {
    await signIn(page, user.token);
    assert.deepEqual(await links(page), ['Studio', 'Statement', 'API docs']);
    await page.goto(FAILED);
    await signIn(page, admin);
    assert.deepEqual(await links(page), ['Studio', 'Statement', 'Failed jobs', 'Webhooks', 'API keys', 'API docs']);
    await screenshot(page, 'session-bar');
    await page.goto('/audit');
    await page.getByLabel('Access token').waitFor();
    assert.deepEqual((await links(page)).includes('Audit'), true, 'the page that one is on is there');
  });
  // Where everybody may be anybody, everything is shown.
  await it.pages.with({}, async (page) => {
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    assert.deepEqual(await links(page), ['Studio', 'Statement', 'Failed jobs', 'Webhooks', 'API keys', 'Audit', 'API docs']);
  });
});

test('who signs out is out, in every tab', async () => {
  const user = await it.api.user(20, 'leaving');
  await it.pages.with({ before, refusals: [401] }, async (page) => {
    await signIn(page, user.token);
    const another = await page.context().newPage();
    await another.goto('/statement');
    await another.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    for (const own of ['main', '#balance']) assert.equal(await page.locator(own).isVisible(), false, own);
    assert.deepEqual(await page.context().cookies(), []);
    await screenshot(page, 'session-signed-out');
    await another.reload();
    await another.getByLabel('Access token').waitFor();
    await signIn(page, user.token);
    await opened(page);
  });
});

test('a tab acts for nobody but the person whom it shows, and shows nothing of the one before', async () => {
  const [one, other] = [await it.api.user(20, 'first'), await it.api.user(20, 'second')];
  await it.api.generate(one, 'sim-image-strict', 'Of the first alone');
  await it.pages.with({ before, refusals: [401] }, async (page) => {
    await signIn(page, one.token);
    await opened(page);
    await page.getByText('Of the first alone').first().waitFor();
    const another = await page.context().newPage();
    await another.goto('/');
    await opened(another);
    await another.getByRole('button', { name: 'Sign out' }).click();
    await signIn(another, other.token);
    await page.getByLabel('Prompt', { exact: true }).fill('For whom?');
    await page.locator('#generate').click();
    // The first tab finds out that it is another person's now, and begins anew before it does anything.
    await page.locator('#caller', { hasText: 'second' }).waitFor();
    await opened(page);
    assert.equal(await page.getByLabel('Prompt', { exact: true }).inputValue(), '');
    assert.equal(await page.getByText('Of the first alone').count(), 0);
    assert.deepEqual((await it.api.generations(other)).items, []);
    assert.equal((await it.api.generations(one)).items.length, 1);
  });
});

test('the next person in the same tab sees nothing of the last one', async () => {
  const [one, other] = [await it.api.user(20, 'early'), await it.api.user(20, 'late')];
  await it.api.generate(one, 'sim-image-strict', 'A secret of the early one');
  await it.pages.with({ before }, async (page) => {
    await signIn(page, one.token);
    await page.getByText('A secret of the early one').first().waitFor();
    await page.locator('#balance').click();
    await page.locator('dialog[open]').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, other.token);
    await page.locator('#caller', { hasText: 'late' }).waitFor();
    await opened(page);
    assert.equal(await page.getByText('A secret of the early one').count(), 0);
  });
});

test('a sign-out that did not reach the server says so, and one is still signed in', async () => {
  const user = await it.api.user(20, 'stuck');
  await it.pages.with({ before, refusals: [503] }, async (page) => {
    await signIn(page, user.token);
    await opened(page);
    await page.route('**/session', (route) => (route.request().method() === 'DELETE'
      ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ detail: 'Later.' }) })
      : route.continue()));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are still signed in here. Later.').waitFor();
    assert.ok(await page.locator('main').isVisible());
    assert.equal((await page.context().cookies()).length, 1);
    await page.unroute('**/session');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    assert.deepEqual(await page.context().cookies(), []);
  });
});

test('the end of a session is said before it comes', async () => {
  const user = await it.api.user(20, 'short');
  await it.pages.with({ tokens: { user: user.token }, viewport: PHONE, before: async (page) => {
    await page.clock.install();
  } }, async (page) => {
    await opened(page);
    const until = await page.locator('#caller span').first().getAttribute('title');
    assert.match(until, /^until /);
    const { exp } = JSON.parse(Buffer.from(user.token.split('.')[1], 'base64url'));
    await page.clock.fastForward(exp * 1000 - Date.now() - 4.9 * 60_000);
    await page.getByText(/Your session ends at/).waitFor();
    await fitsWidth(page);
    await screenshot(page, 'session-ends');
  });
});
