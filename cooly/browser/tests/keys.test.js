// The page of API keys, as an admin uses it: a key is made, shown once, used, and revoked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { suite } from '../support/suite.js';

const it = suite();
const LOOKS = [
  { name: 'light', colorScheme: 'light' },
  { name: 'dark', colorScheme: 'dark' },
  { name: 'phone-light', colorScheme: 'light', viewport: PHONE },
  { name: 'phone-dark', colorScheme: 'dark', viewport: PHONE },
];

const onPage = async (options, work) => {
  const admin = await it.api.token('admin', 'ops');
  await it.pages.with({ address: '/admin/keys', tokens: { admin }, ...options }, work);
};

/// Fills in the form and presses its button.
async function ask(page, { name, scope = 'user', owner }) {
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('What it may do').selectOption(scope);
  if (owner) await page.locator('#owner').fill(owner);
  await page.getByRole('button', { name: 'Make the key' }).click();
  await page.getByText('Keep this key now').waitFor();
}

const card = (page, name) => page.locator('#key-list > li').filter({ hasText: name });

async function answer(key, headers = {}) {
  const all = { Accept: 'application/json', Authorization: `Bearer ${key}`, ...headers };
  const response = await fetch(`${it.url}/v1/credits`, { headers: all });
  return response.ok ? 'ok' : (await response.json()).code;
}

test('a key is made, shown once, copied, used and revoked', async () => {
  await onPage({}, async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByText('There are no such keys.').waitFor();
    await ask(page, { name: 'my scripts', owner: 'alice' });
    const key = await page.locator('#secret').inputValue();
    assert.match(key, /^ck_test_[0-9A-Za-z]{49}$/);
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
    // A slip does not lose it.
    await page.keyboard.press('Escape');
    assert.ok(await page.locator('#secret').isVisible());
    await screenshot(page, 'keys-made');
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await until(async () => (await page.locator('#secret').inputValue()) === '', 'the key to be gone from the page');
    assert.equal(await page.evaluate((secret) => JSON.stringify([sessionStorage, localStorage]).includes(secret), key), false);

    assert.equal(await answer(key), 'ok');
    const mine = card(page, 'my scripts');
    assert.match(await mine.innerText(), /active[\s\S]*as alice, as a user[\s\S]*never[\s\S]*admin:ops/);
    await mine.getByRole('button', { name: 'Revoke my scripts' }).click();
    const asked = page.getByRole('dialog', { name: 'Revoke “my scripts”?' });
    assert.match(await asked.innerText(), /ck_test_\w{4}….{4} acts as alice/);
    await asked.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await answer(key), 'ok', 'nothing was done');
    await mine.getByRole('button', { name: 'Revoke my scripts' }).click();
    await asked.getByLabel('Why (optional)').fill('it leaked');
    await screenshot(page, 'keys-revoke');
    await asked.getByRole('button', { name: 'Revoke the key' }).click();
    await page.getByText('“my scripts” is revoked.').waitFor();
    assert.match(await mine.innerText(), /revoked[\s\S]*admin:ops: it leaked/);
    assert.equal(await mine.getByRole('button').count(), 0);
    assert.equal(await answer(key), 'key_revoked');
  });
});

test('a key for a back end has no owner, and lists are narrowed', async () => {
  await onPage({}, async (page) => {
    await ask(page, { name: 'the shop', scope: 'backend' });
    const key = await page.locator('#secret').inputValue();
    await page.getByRole('button', { name: 'I have kept it' }).click();
    assert.equal(await answer(key, { 'Cooly-User': 'bob' }), 'ok');
    assert.match(await card(page, 'the shop').innerText(), /for any user/);
    await ask(page, { name: 'of bob', owner: 'bob' });
    await page.getByRole('button', { name: 'I have kept it' }).click();
    const search = page.getByRole('search', { name: 'Narrow the keys' });
    await search.getByLabel('Owner').fill('bob');
    await search.getByRole('button', { name: 'Show' }).click();
    await card(page, 'the shop').waitFor({ state: 'detached' });
    assert.equal(await card(page, 'of bob').count(), 1);
    await search.getByLabel('Owner').fill('');
    await search.getByLabel('Scope').selectOption('backend');
    await card(page, 'the shop').waitFor();
    assert.equal(await card(page, 'of bob').count(), 0);
  });
});

test('an admin makes keys in no other name of the staff', async () => {
  await onPage({}, async (page) => {
    await page.getByRole('button', { name: 'New key' }).click();
    assert.deepEqual(await page.locator('#scope option').evaluateAll((options) => options.map(({ value }) => value)), ['user', 'backend', 'admin']);
    await page.getByLabel('What it may do').selectOption('admin');
    assert.equal(await page.locator('#owner').isVisible(), false);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await ask(page, { name: 'nightly grants', scope: 'admin' });
    await page.getByRole('button', { name: 'I have kept it' }).click();
    assert.match(await card(page, 'nightly grants').innerText(), /as ops, as an admin/);
  });
});

test('what cannot be made is said where it was asked for', async () => {
  await onPage({ refusals: [422] }, async (page) => {
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('x');
    await page.locator('#owner').fill('..');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await page.locator('#new-key-problem').getByText('cannot be told from other ids').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
  });
});

test('by keyboard alone', async () => {
  await onPage({}, async (page) => {
    await page.locator('main').waitFor();
    await page.locator('#new').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('typed');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('carol');
    await page.keyboard.press('Enter');
    await page.getByText('Keep this key now').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await card(page, 'typed').waitFor();
    await card(page, 'typed').getByRole('button').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Revoke “typed”?' }).waitFor();
    await page.keyboard.press('Escape');
  });
});

test('it fits, can be read by everybody, and is in the bar of staff', async () => {
  await it.api.admin('POST', '/admin/keys', { name: 'a key with a rather long name, for the nightly reports of the finance department', scope: 'user', owner: 'finance' });
  for (const { name, ...look } of LOOKS) {
    await onPage(look, async (page) => {
      await card(page, 'nightly reports').waitFor();
      assert.equal(await page.getByRole('navigation').getByRole('link', { name: 'API keys' }).getAttribute('aria-current'), 'page');
      await fitsWidth(page);
      await isAccessible(page, `keys ${name}`);
      await screenshot(page, `keys-${name}`, { fullPage: true });
      await page.getByRole('button', { name: 'New key' }).click();
      await fitsWidth(page);
      await isAccessible(page, `new key ${name}`);
      await screenshot(page, `keys-new-${name}`);
      await page.keyboard.press('Escape');
    });
  }
});
