// The page of one job, in every state that it can be in, and what can be done from it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { until } from '../support/api.js';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { suite } from '../support/suite.js';

const HOSTILE = `It's <img src=x onerror="window.hacked = 1"> $(touch no) "quoted" \\ and\nmore`;
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1366, height: 768 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1366, height: 768 } },
  { name: 'phone-light', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: PHONE },
];
const it = suite();
const run = promisify(execFile);

const address = (id) => `/admin/jobs/${id}`;
const story = (id) => it.api.admin('GET', `/admin/generations/${id}`);
const chip = (page, word) => page.locator('#chip').getByText(word, { exact: true });

/// The figure under a name, without its hint.
const figure = (page, name) => page.locator('#figures div').filter({ hasText: name }).locator('dd').first().textContent();

test('a job is told in three states, readable in every look', async () => {
  const user = await it.api.user(100, 'reader');
  const made = await it.api.generate(user, 'sim-image', HOSTILE);
  const dead = await it.api.dead(user, 'It will not work');
  const refused = await it.api.generate(user, 'sim-image-strict', 'anything');
  for (const { name, ...look } of LOOKS) {
    for (const [job, word] of [[made, 'Succeeded'], [dead, 'Dead'], [refused, 'Failed']]) {
      await it.pages.with({ address: address(job.id), ...look }, async (page) => {
        await chip(page, word).waitFor();
        if (word === 'Succeeded') await until(() => page.locator('#outputs img').evaluate((one) => one.naturalWidth > 0), 'the picture');
        await fitsWidth(page);
        await isAccessible(page, `${word} ${name}`);
        await screenshot(page, `job-${word.toLowerCase()}-${name}`, { fullPage: true });
      });
    }
  }
});

test('what is shown is what the ledger and the customer say', async () => {
  const user = await it.api.user(8, 'reader');
  const made = await it.api.generate(user, 'sim-image', HOSTILE);
  await it.pages.with({ address: address(made.id) }, async (page) => {
    await chip(page, 'Succeeded').waitFor();
    assert.equal(await page.locator('#prompt').textContent(), HOSTILE);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    const { events, ledger_lines: lines, attempts } = await story(made.id);
    assert.equal(await page.locator('#moments > li').count(), events.length);
    assert.equal(await page.locator('#lines tr').count(), lines.length);
    assert.equal(await page.locator('#attempts tr').count(), attempts.length);
    assert.deepEqual([await figure(page, 'Paid'), await figure(page, 'Held'), await figure(page, 'Charged now')], ['4', '0', '4']);
    // Exactly, and in UTC, for whoever points at it.
    const title = await page.locator('#moments time').first().getAttribute('title');
    assert.match(title, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? UTC$/);
    assert.equal(title.slice(0, 19), events[0].occurred_at.slice(0, 19).replace('T', ' '));
    await page.locator('#moments summary').first().click();
    assert.match(await page.locator('#moments details[open]').innerText(), new RegExp(`${events[0].position}`));
  });
});

test('the purchase is copied as a command that buys the same, whatever the prompt says', async () => {
  const user = await it.api.user(8, 'buyer');
  const made = await it.api.generate(user, 'sim-image', HOSTILE);
  await it.pages.with({ address: address(made.id), before: (page) => page.context().grantPermissions(['clipboard-read', 'clipboard-write']) }, async (page) => {
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByText('The purchase was copied').waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(!command.includes(user.token), 'it holds no secret');
    const { stdout } = await run('sh', ['-c', command], { env: { ...process.env, TOKEN: user.token } });
    const again = JSON.parse(stdout);
    assert.notEqual(again.id, made.id);
    assert.deepEqual([again.prompt, again.model, again.count], [HOSTILE, made.model, made.count]);
  });
});

test('a dead job is retried from its page, which follows it and does not jump about', async () => {
  const user = await it.api.user(4, 'unlucky');
  const dead = await it.api.dead(user, 'It will not work');
  const before = (page) => page.addInitScript(() => {
    window.shifts = [];
    new PerformanceObserver((list) => window.shifts.push(...list.getEntries().filter((entry) => !entry.hadRecentInput).map(({ value }) => value)))
      .observe({ type: 'layout-shift', buffered: true });
  });
  await it.pages.with({ address: address(dead.id), viewport: { width: 1366, height: 768 }, before }, async (page) => {
    await chip(page, 'Dead').waitFor();
    const first = (await story(dead.id)).events.length;
    await page.evaluate(() => { window.shifts.length = 0; });
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('The job was sent again.').waitFor();
    await until(async () => (await story(dead.id)).run === 2 && (await story(dead.id)).status === 'dead', 'the second run to fail');
    await until(async () => (await page.locator('#moments > li').count()) === (await story(dead.id)).events.length, 'the page to tell of it', 10_000);
    assert.ok((await page.locator('#moments > li').count()) > first);
    await page.locator('#attempts').getByText('of run 2').first().waitFor();
    const shifted = await page.evaluate(() => window.shifts.reduce((sum, value) => sum + value, 0));
    assert.ok(shifted < 0.02, `it moved by ${shifted}`);
    await screenshot(page, 'job-retried', { fullPage: true });
  });
});

test('what is decided on an earlier run is refused, and the page says so and shows what is now', async () => {
  const user = await it.api.user(4, 'unlucky');
  const dead = await it.api.dead(user, 'It will not work');
  await it.pages.with({ address: address(dead.id), refusals: [409] }, async (page) => {
    await chip(page, 'Dead').waitFor();
    // The page stands still while somebody else retries the job.
    await page.route('**/admin/generations/*', (route) => route.abort());
    await it.api.admin('POST', `/admin/dlq/messages/${dead.id}/retry?run=1`);
    await until(async () => { const { run: now, status } = await story(dead.id); return now === 2 && status === 'dead'; }, 'the second run to fail');
    await page.unroute('**/admin/generations/*');
    await page.getByRole('button', { name: 'Delete and refund' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete and refund' }).click();
    await page.locator('.notice.bad').waitFor();
    assert.equal(await it.api.balance(user), 0);
    await page.locator('#attempts').getByText('of run 2').first().waitFor();
    // Now it is the run that is shown.
    await page.getByRole('button', { name: 'Delete and refund' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete and refund' }).click();
    await chip(page, 'Discarded').waitFor();
    assert.equal(await it.api.balance(user), 4);
    assert.deepEqual([await figure(page, 'Given back'), await figure(page, 'Charged now')], ['4', '0']);
    await page.locator('#sentence').getByText('came back to you').waitFor();
  });
});

test('an action on many that retried it is named', async () => {
  const user = await it.api.user(4, 'unlucky');
  const dead = await it.api.dead(user, 'It will not work');
  const headers = { Authorization: `Bearer ${await it.api.token('admin')}`, 'Content-Type': 'application/json', Prefer: 'respond-async' };
  const order = { action: 'retry', ids: [dead.id], reason: 'The painter is back' };
  const answer = await fetch(`${it.url}/admin/dlq/bulk-actions`, { method: 'POST', headers, body: JSON.stringify(order) });
  const { id: action } = await answer.json();
  await until(async () => { const { run: now, status } = await story(dead.id); return now === 2 && status === 'dead'; }, 'the second run to fail');
  const { links: { bulk_actions: named } } = await story(dead.id);
  assert.deepEqual(named.map(({ id, action: what, reason, url }) => [id, what, reason, url]), [[action, 'retry', 'The painter is back', `/admin/dlq/bulk-actions/${action}`]]);
  await it.pages.with({ address: address(dead.id) }, async (page) => {
    await page.locator('#facts').getByText('The painter is back').first().waitFor();
  });
});

test('a part of the price of what was made is given back', async () => {
  const user = await it.api.user(4, 'patron');
  const made = await it.api.generate(user, 'sim-image', 'a blurred fox');
  await it.pages.with({ address: address(made.id) }, async (page) => {
    await page.getByRole('button', { name: 'Refund…' }).click();
    const dialog = page.locator('#refund[open]');
    assert.equal(await dialog.getByLabel('Credits').inputValue(), '4');
    await dialog.getByLabel('Credits').fill('1.5');
    await dialog.getByLabel('Why?').fill('It is blurred');
    await isAccessible(page, 'the question how much');
    await screenshot(page, 'job-refund');
    await dialog.getByRole('button', { name: 'Refund', exact: true }).click();
    await page.getByText(/1\.5\scredits went back/).waitFor();
    await until(async () => (await figure(page, 'Given back')) === '1.5', 'the figure');
    assert.equal(await it.api.balance(user), 1.5);
    assert.equal(await page.locator('#lines tr').count(), 2);
  });
});

test('the proof of a line is saved once it is sealed, and till then the page says so', async () => {
  const user = await it.api.user(40, 'patron');
  await it.pages.with({ address: '/audit', refusals: [409] }, async (page) => {
    const { path, button } = await unsealed(page, user);
    const headers = { Authorization: `Bearer ${await it.api.token('auditor')}` };
    await until(async () => (await fetch(it.url + path, { headers })).ok, 'the event to be sealed', 150_000);
    const saved = page.waitForEvent('download');
    await button.click();
    const document = JSON.parse(await readFile(await (await saved).path(), 'utf8'));
    assert.equal(document.format, 'cooly-proof/1');
  });
});

/// Opens the page of a job of which the page said that its first line is not sealed. A seal may come between the purchase and the
/// click; then another is bought.
async function unsealed(page, user) {
  for (let tries = 0; tries < 5; tries += 1) {
    const made = await it.api.generate(user, 'sim-image', 'a fox');
    const { ledger_lines: [{ proof: path, position }] } = await story(made.id);
    await page.goto(it.url + address(made.id));
    const button = page.getByRole('button', { name: `Proof of event ${position}` });
    const told = page.locator('.notice').getByText('newer than the newest seal').waitFor().then(() => true);
    const saved = page.waitForEvent('download').then(() => false);
    await button.click();
    if (await Promise.race([told, saved])) {
      saved.catch(() => {});
      return { path, button };
    }
    told.catch(() => {});
  }
  throw new Error('a seal came before each click');
}

test('what is no job has a page that says so', async () => {
  const unknown = '01980a5e-7c1d-7000-8000-000000000001';
  for (const { name, ...look } of LOOKS) {
    await it.pages.with({ address: address(unknown), refusals: [404], ...look }, async (page) => {
      await page.getByText(`Nothing was ever bought under the id ${unknown}`).waitFor();
      await isAccessible(page, `no such job ${name}`);
      await screenshot(page, `job-missing-${name}`);
    });
  }
  await it.pages.with({ address: address('no-id'), refusals: [400] }, async (page) => {
    await page.getByText('is not the id of a job').waitFor();
  });
});

test('the list of failed jobs leads to it', async () => {
  const user = await it.api.user(4, 'unlucky');
  const dead = await it.api.dead(user, 'It will not work');
  await it.pages.with({ address: `/admin/dlq/messages?user=${user.sub}` }, async (page) => {
    await page.getByRole('link', { name: /^Page of/ }).click();
    await chip(page, 'Dead').waitFor();
    assert.equal(new URL(page.url()).pathname, address(dead.id));
    await page.getByRole('link', { name: 'Among the failed jobs' }).click();
    await page.locator('#detail[open]').waitFor();
    assert.equal(await page.locator('#detail a').getAttribute('href'), address(dead.id));
  });
});
