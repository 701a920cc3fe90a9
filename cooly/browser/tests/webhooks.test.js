// The page of customers' webhooks: an endpoint from its making to its end, with a customer that answers, and one that does not.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { until } from '../support/api.js';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { suite } from '../support/suite.js';

const LOOKS = [
  { name: 'light', colorScheme: 'light' },
  { name: 'dark', colorScheme: 'dark' },
  { name: 'phone-light', colorScheme: 'light', viewport: PHONE },
  { name: 'phone-dark', colorScheme: 'dark', viewport: PHONE },
];
const address = '/admin/webhooks';
const it = suite({ args: ['--private-webhooks'] });

/// A customer's server: what it was sent, and what each path answers, `200` where nothing is said.
const customer = { url: '', got: [], answers: {} };
const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  customer.got.push({ path: request.url, headers: request.headers, body });
  response.writeHead(customer.answers[request.url] ?? 200).end();
});

before(async () => {
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  customer.url = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const sent = (path) => customer.got.filter((one) => one.path === path);
const card = (page, path) => page.locator('.endpoint').filter({ hasText: `${customer.url}${path}` });
const press = (place, name) => place.getByRole('button', { name, exact: true }).click();

/// Makes an endpoint through the page; the secret that it shows.
async function make(page, path, { events = ['Credits were given'], user } = {}) {
  await press(page, 'Make an endpoint…');
  const dialog = page.locator('#making');
  await dialog.getByLabel('Address').fill(`${customer.url}${path}`);
  for (const event of events) await dialog.getByLabel(event).check();
  if (user) await dialog.getByLabel('Only about this user').fill(user);
  await press(dialog, 'Make it');
  const secret = await page.locator('#made[open] #secret').textContent();
  await press(page.locator('#made'), 'Done');
  await card(page, path).waitFor();
  return secret;
}

test('an endpoint is made, shows its secret once, and a test is signed with it', async () => {
  await it.pages.with({ address }, async (page) => {
    const secret = await make(page, '/shop');
    assert.match(secret, /^whsec_/);
    assert.ok(!(await page.content()).includes(secret), 'it is nowhere on the page any more');
    await press(card(page, '/shop'), 'Send a test');
    const [test] = await until(() => sent('/shop').length && sent('/shop'), 'the test');
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = test.headers;
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    assert.equal(signature, `v1,${createHmac('sha256', key).update(`${id}.${at}.${test.body}`).digest('base64')}`);
    await press(card(page, '/shop'), 'What it was told');
    const row = page.locator('#deliveries li').filter({ hasText: id });
    await row.getByText('Taken').waitFor();
    await row.getByRole('button', { name: /Send again/ }).click();
    await until(() => sent('/shop').length === 2, 'the same once more');
    assert.equal(sent('/shop')[1].headers['webhook-id'], id);
  });
});

test('what is wrong with an endpoint is said in the dialog, and it stays as it was filled in', async () => {
  await it.pages.with({ address, refusals: [422] }, async (page) => {
    await press(page, 'Make an endpoint…');
    const dialog = page.locator('#making');
    await dialog.getByLabel('Address').fill(`${customer.url}/wrong`);
    await press(dialog, 'Make it');
    await dialog.getByText('Choose at least one thing that it is told.').waitFor();
    await dialog.getByLabel('Credits came back').check();
    await dialog.getByLabel('Address').fill('ftp://example.com/');
    await press(dialog, 'Make it');
    await dialog.locator('#making-problem').filter({ hasText: 'https' }).waitFor();
    assert.equal(await dialog.getByLabel('Credits came back').isChecked(), true);
  });
});

test('an endpoint that fails says so, is disabled, enabled, told again and taken away', async () => {
  customer.answers['/ill'] = 500;
  const user = await it.api.user(5, 'told');
  await it.pages.with({ address }, async (page) => {
    await make(page, '/ill', { user: user.sub });
    const ill = card(page, '/ill');
    await press(ill, 'Send a test');
    await ill.getByText('Failing', { exact: true }).waitFor();
    await press(ill, 'What it was told');
    await page.locator('#deliveries').getByText(/answered 500/).first().waitFor();
    await press(page, 'Close');
    await press(ill, 'Disable');
    await ill.getByText('Disabled', { exact: true }).waitFor();
    customer.answers['/ill'] = 200;
    const missed = /after position (\d+) is not told/.exec(await ill.innerText())[1];
    await press(ill, 'Enable…');
    await ill.getByText('Well', { exact: true }).waitFor();
    // What it missed is proposed; here also what was before it.
    assert.equal(await page.getByLabel('After position').inputValue(), missed);
    await page.getByLabel('After position').fill('0');
    await press(page.locator('#replaying'), 'Tell it again');
    await until(() => sent('/ill').some(({ body }) => JSON.parse(body).type === 'credits.granted'), 'the grant');
    await press(ill, 'Take away…');
    await press(page.getByRole('dialog', { name: 'Take the endpoint away?' }), 'Take away');
    await ill.waitFor({ state: 'detached' });
  });
});

test('a secret is exchanged, and not twice in a day', async () => {
  await it.pages.with({ address, refusals: [409] }, async (page) => {
    const first = await make(page, '/secrets');
    const exchange = async () => {
      await press(card(page, '/secrets'), 'New secret…');
      await press(page.getByRole('dialog', { name: 'Exchange the secret?' }), 'Exchange it');
    };
    await exchange();
    const second = await page.locator('#made[open] #secret').textContent();
    assert.notEqual(second, first);
    await press(page.locator('#made'), 'Done');
    await exchange();
    await page.locator('#notices').getByText(/wait for that/).waitFor();
  });
});

test('the page and what opens on it can be read in every look', async () => {
  for (const { name, ...look } of LOOKS) {
    await it.pages.with({ address, ...look }, async (page) => {
      await make(page, `/look-${name}`);
      await fitsWidth(page);
      await isAccessible(page, `webhooks ${name}`);
      await screenshot(page, `webhooks-${name}`, { fullPage: true });
      await press(page, 'Make an endpoint…');
      await isAccessible(page, `making a webhook ${name}`);
      await page.keyboard.press('Escape');
      await press(card(page, `/look-${name}`), 'Send a test');
      await until(() => sent(`/look-${name}`).length > 0, 'the test');
      await press(card(page, `/look-${name}`), 'What it was told');
      await page.locator('#deliveries li').first().waitFor();
      await fitsWidth(page);
      await isAccessible(page, `what a webhook was told ${name}`);
      await screenshot(page, `webhooks-told-${name}`);
    });
  }
});
