// The statement page: any days, by the viewer's clock, with what each line was for and a row that closes it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAccessible } from '../support/axe.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { suite } from '../support/suite.js';

const it = suite();
const ZONE = 'Asia/Kathmandu';
const there = (back) => new Date(Date.now() + 5.75 * 3_600_000 - back * 86_400_000).toISOString().slice(0, 10);

async function buyer() {
  const user = await it.api.user(100, 'buyer');
  await it.api.generate(user, 'sim-image', 'A fox for the books');
  return user;
}

test('a month, other days, and an address for each', async () => {
  const user = await buyer();
  await it.pages.with({ address: '/statement', tokens: { user: user.token }, timezoneId: ZONE }, async (page) => {
    const words = () => page.locator('.statement').innerText();
    await page.locator('.statement h1').waitFor();
    assert.match(await words(), /Generation · sim-image\s+“A fox for the books”/);
    assert.match(await words(), /times are those of Asia\/Kat/);
    const rows = await page.locator('.statement-entries tbody tr').allInnerTexts();
    assert.match(rows[0], /Opening balance\s+0$/);
    assert.match(rows.at(-1), /Closing balance\s+96$/);
    await screenshot(page, 'statement-month', { fullPage: true });
    await page.locator('#month').selectOption('Other days');
    await page.getByLabel('First day').fill(there(0));
    await page.getByLabel('Last day').fill(there(0));
    await page.waitForURL(`**/statement?from=${there(0)}&to=${there(0)}`);
    assert.match(await words(), /2 entries/);
    await isAccessible(page, 'statement of a day');
    await screenshot(page, 'statement-days', { fullPage: true });
    await page.reload();
    await page.locator('.statement h1').waitFor();
    assert.equal(await page.getByLabel('First day').inputValue(), there(0));
    assert.match(await words(), /2 entries/);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as table' }).click()]);
    assert.equal(file.suggestedFilename(), `statement-${there(0)}-${there(0)}.csv`);
    await page.getByLabel('First day').fill(there(1));
    await page.getByLabel('Last day').fill(there(1));
    await page.getByText('0 entries').waitFor();
  });
});

test('days that cannot be are refused, and an address that is wrong shows no other period', async () => {
  const user = await buyer();
  await it.pages.with({ address: `/statement?from=${there(0)}&to=${there(2)}`, tokens: { user: user.token }, refusals: [400] }, async (page) => {
    await page.getByText(/must be before/).waitFor();
    assert.equal(await page.locator('.statement').count(), 0);
  });
  await it.pages.with({ address: '/statement?month=soon', tokens: { user: user.token } }, async (page) => {
    await page.getByText('Choose a first and a last day.').waitFor();
    assert.equal(await page.locator('.statement').count(), 0);
  });
});

test('it fits a phone in the dark', async () => {
  const user = await buyer();
  await it.pages.with({ address: `/statement?from=${there(30)}&to=${there(0)}`, tokens: { user: user.token }, viewport: PHONE, colorScheme: 'dark' }, async (page) => {
    await page.locator('.statement h1').waitFor();
    await fitsWidth(page);
    await isAccessible(page, 'statement on a phone');
    await screenshot(page, 'statement-days-phone-dark', { fullPage: true });
  });
});
