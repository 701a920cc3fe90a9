// A balance that is low says so, and what to do about it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAccessible } from '../support/axe.js';
import { screenshot } from '../support/browser.js';
import { balanceIs, generate, opened } from '../support/studio.js';
import { suite } from '../support/suite.js';

const SHOP = 'https://shop.example.org/credits?from=cooly';
const it = suite({ args: ['--top-up-url', SHOP, '--low-balance', '30'] });

test('a low balance is told with a link, and one that does is not', async () => {
  const user = await it.api.user(32);
  await it.pages.with({ tokens: { user: user.token } }, async (page) => {
    await opened(page);
    assert.equal(await page.locator('#low').isVisible(), false);
    await generate(page, { prompt: 'The last but seven' });
    await balanceIs(page, 28);
    await page.locator('#low').getByText(/You have 28\scredits left\./).waitFor();
    const link = page.locator('#low').getByRole('link', { name: 'Get more credits' });
    assert.equal(await link.getAttribute('href'), SHOP);
    assert.match(await link.getAttribute('rel'), /noopener/);
    await screenshot(page, 'low-balance');
    await isAccessible(page, 'low balance');
    await page.getByLabel('One prompt a line').check();
    await page.getByLabel('Prompt', { exact: true }).fill('1\n2\n3\n4\n5\n6\n7\n8');
    await page.locator('#short').getByText(/You have 28 of the 32\scredits/).waitFor();
    assert.equal(await page.locator('#short a').getAttribute('href'), SHOP);
    assert.equal(await page.locator('#low').isVisible(), false, 'it is said once');
    await screenshot(page, 'low-balance-short');
    await page.locator('#balance').click();
    await page.locator('#drawer-low').getByRole('link', { name: 'Get more credits' }).waitFor();
    await screenshot(page, 'low-balance-drawer');
  });
});
