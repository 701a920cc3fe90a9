// The studio, from a click to a picture and to every other end.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { balanceIs, generate, inStatus, opened, pictures, shownBalance } from '../support/studio.js';
import { suite } from '../support/suite.js';

const HOSTILE = `<img src=x onerror="window.hacked = 1"><script>window.hacked = 2</script> & "quotes"`;
const it = suite();

test('a click makes a card at once, and the picture follows over the event stream', async () => {
  await it.pages.with({}, async (page) => {
    await opened(page);
    assert.match(await page.locator('#caller').textContent(), /demo/);
    await screenshot(page, 'studio-before');
    const before = await shownBalance(page);
    assert.match(await page.locator('#cost').textContent(), /4\scredits/);
    await page.evaluate(() => { window.stayed = true; });
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const card = await generate(page, { prompt: 'A lighthouse in fog, seen from the sea' });
    await screenshot(page, 'studio-waiting');
    const [size] = await pictures(card);
    assert.deepEqual(size, { width: 768, height: 768 });
    assert.equal(await page.evaluate(() => window.stayed), true, 'the page was not loaded again');
    assert.ok(!asked.includes('/v1/events'), 'the stream that was open served the picture');
    assert.equal(await card.getAttribute('data-status'), 'succeeded');
    await balanceIs(page, before - 4);
    await screenshot(page, 'studio-picture');
  });
});

test('number and shape are kept, and the cost is shown before the click', async () => {
  const user = await it.api.user(50);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.getByLabel('How many').fill('3');
    assert.match(await page.locator('#cost').textContent(), /12\scredits/);
    const card = await generate(page, { prompt: 'Three hills', count: 3, shape: 'Wide' });
    const [width, height] = (await page.locator('#pixels').textContent()).split(' × ').map(Number);
    assert.deepEqual(await pictures(card), Array(3).fill({ width, height }));
    await balanceIs(page, 38);
    assert.equal(await it.api.balance(user), 38);
  });
});

test('a clip takes a length and appears as well', async () => {
  const user = await it.api.user(50);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.locator('#models input[value="sim-video"]').check();
    assert.ok(await page.getByLabel('Length').isVisible());
    const card = await generate(page, { prompt: 'A boat goes by', model: 'sim-video' });
    assert.equal((await pictures(card)).length, 1);
    await balanceIs(page, 30);
  });
});

test('a refusal says why, gives the credits back and can be tried again', async () => {
  const user = await it.api.user(20);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    const card = await generate(page, { prompt: 'Something refused', model: 'sim-image-strict' });
    await inStatus(card, 'failed');
    assert.match(await card.innerText(), /refused/i);
    assert.match(await card.innerText(), /4\scredits came back to you/);
    await balanceIs(page, 20);
    await screenshot(page, 'studio-failure');
    await card.getByRole('button', { name: /Try again/ }).click();
    await balanceIs(page, 16);
    await inStatus(card, 'failed');
    await balanceIs(page, 20);
    const types = (await it.api.history(user)).items.map(({ type }) => type);
    assert.equal(types.filter((type) => type === 'credits.debited').length, 2);
    assert.equal(types.filter((type) => type === 'credits.refunded').length, 2);
  });
});

test('a job given up explains itself and offers no retry of its own', async () => {
  const user = await it.api.user(20);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    const card = await generate(page, { prompt: 'It is down', model: 'sim-image-down' });
    await inStatus(card, 'dead');
    assert.match(await card.innerText(), /It is on the list of support/);
    assert.match(await card.innerText(), /4\scredits stay paid for it/);
    assert.equal(await card.getByRole('button', { name: /Try again/ }).count(), 0);
    assert.equal(await it.api.balance(user), 16);
    await screenshot(page, 'studio-dead');
  });
});

test('what waits can be cancelled, and the credits come back', async () => {
  const user = await it.api.user(30);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    const card = await generate(page, { prompt: 'Never mind', model: 'sim-video' });
    await card.getByRole('button', { name: 'Cancel' }).click();
    await inStatus(card, 'cancelled');
    await balanceIs(page, 30);
    assert.ok(await card.getByRole('button', { name: /Try again/ }).isVisible());
    assert.equal(await it.api.balance(user), 30);
  });
});

test('too few credits are said before the click and after it', async () => {
  const user = await it.api.user(3);
  await it.pages.with({ tokens: { user: user.token }, refusals: [402] }, async (page) => {
    await opened(page);
    assert.match(await page.locator('#short').textContent(), /You have 3 of the 4\scredits/);
    await page.getByLabel('Prompt', { exact: true }).fill('Too dear');
    await page.locator('#generate').click();
    await page.getByRole('alert').getByText(/Not enough credits/).waitFor();
    await screenshot(page, 'studio-too-few-credits');
    assert.equal(await page.locator('.card').count(), 0);
    assert.equal(await it.api.balance(user), 3);
  });
});

test('a prompt is text wherever it shows', async () => {
  const user = await it.api.user(20);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    const card = await generate(page, { prompt: HOSTILE });
    await pictures(card);
    assert.equal(await card.locator('.prompt').textContent(), HOSTILE);
    await card.locator('.picture').click();
    assert.equal(await page.locator('#lightbox-prompt').textContent(), HOSTILE);
    await page.keyboard.press('Escape');
    await page.locator('#balance').click();
    await page.locator('#history').getByText('<img src=x').waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
  });
});

test('the keyboard alone makes a picture, opens it, turns and closes', async () => {
  const user = await it.api.user(20);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'prompt', 'the first stop leads to the prompt');
    await page.keyboard.type('A kite over a beach');
    await page.keyboard.press('Control+Enter');
    await pictures(page.locator('.card').first());
    await page.keyboard.press('Control+Enter');
    await page.locator('.card').nth(1).waitFor();
    await pictures(page.locator('.card').first());
    const isPicture = () => page.evaluate(() => document.activeElement.matches('.card .picture'));
    for (let steps = 0; steps < 40 && !(await isPicture()); steps += 1) await page.keyboard.press('Tab');
    assert.ok(await isPicture(), 'Tab reaches the pictures');
    await page.keyboard.press('Enter');
    await page.locator('#lightbox[open]').waitFor();
    await page.locator('#lightbox-place').getByText('1 of 2').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('#lightbox-place').getByText('2 of 2').waitFor();
    await page.locator('#lightbox .media.ready').waitFor();
    await screenshot(page, 'studio-lightbox');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#lightbox[open]').count(), 0);
    assert.ok(await isPicture(), 'the focus is on the picture again');
  });
});

test('a picture is downloaded as the file that it is', async () => {
  const user = await it.api.user(20);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    const card = await generate(page, { prompt: 'Blue tulips, close up' });
    await pictures(card);
    const [file] = await Promise.all([page.waitForEvent('download'), card.getByRole('button', { name: 'Download' }).click()]);
    assert.equal(file.suggestedFilename(), 'blue-tulips-close-up-1.png');
    const bytes = await readFile(await file.path());
    assert.equal(bytes.subarray(1, 4).toString('latin1'), 'PNG');
  });
});

test('the history and the days are in the drawer', async () => {
  const user = await it.api.user(40);
  await it.api.generate(user, 'sim-image', 'For the books');
  await it.api.generate(user, 'sim-image-strict', 'Refused for the books');
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    await page.locator('#balance').click();
    await page.locator('#history li').nth(3).waitFor();
    const words = await page.locator('#history').innerText();
    assert.match(words, /Refund\s+Refused for the books/);
    assert.match(words, /For the books/);
    assert.equal(await page.locator('#drawer-available').textContent(), '36');
    await page.locator('.usage-chart').waitFor();
    assert.equal(await page.locator('.usage-chart .bar-day').count(), 30);
    await screenshot(page, 'studio-credits');
  });
});

test('the page fits a phone and follows the system into the dark', async () => {
  const user = await it.api.user(40);
  const options = { tokens: { user: user.token }, viewport: PHONE };
  await it.pages.with({ ...options, colorScheme: 'dark' }, async (page) => {
    await opened(page);
    await fitsWidth(page);
    await pictures(await generate(page, { prompt: 'averyveryverylongwordwithoutanyspaces'.repeat(6) }));
    await fitsWidth(page);
    await screenshot(page, 'studio-phone-dark');
    await page.locator('#balance').click();
    await page.locator('#history li').first().waitFor();
    await fitsWidth(page);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1360, height: 900 });
    await screenshot(page, 'studio-dark');
    const [red] = /\d+/.exec(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    assert.ok(Number(red) < 60, 'the paper is dark');
  });
  await it.pages.with(options, async (page) => {
    await opened(page);
    await screenshot(page, 'studio-phone-light');
  });
});
