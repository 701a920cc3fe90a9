// The studio, the failed jobs and Swagger UI, as those meet them who cannot see them well or at all: no grave fault by axe-core,
// light and dark, at a desk and on a phone.

import { test } from 'node:test';
import { isAccessible } from '../support/axe.js';
import { PHONE, fitsWidth, screenshot } from '../support/browser.js';
import { opened } from '../support/studio.js';
import { suite } from '../support/suite.js';
import { authorized, execute, opened as unfolded } from '../support/swagger.js';

const it = suite();
const LOOKS = [
  { name: 'light', colorScheme: 'light' },
  { name: 'dark', colorScheme: 'dark' },
  { name: 'phone-light', colorScheme: 'light', viewport: PHONE },
  { name: 'phone-dark', colorScheme: 'dark', viewport: PHONE },
];

/// Does `work(page, look)` on a page at `address` in every look.
async function inEveryLook(options, work) {
  for (const { name, ...look } of LOOKS) await it.pages.with({ ...options, ...look }, (page) => work(page, name));
}

/// A user with one generation of each end that a card can show.
async function customer() {
  const user = await it.api.user(200, 'reader');
  const models = ['sim-image', 'sim-image-strict', 'sim-image-down'];
  await Promise.all(models.map((model) => it.api.generate(user, model, `made by ${model}`)));
  return user;
}

test('the studio, its drawer and its lightbox', async () => {
  const user = await customer();
  await inEveryLook({ tokens: { user: user.token } }, async (page, look) => {
    await opened(page);
    await page.locator('.card[data-status="succeeded"] img').first().waitFor();
    await isAccessible(page, `studio ${look}`);
    await page.locator('#balance').click();
    await page.locator('#history li').first().waitFor();
    await isAccessible(page, `studio drawer ${look}`);
    await screenshot(page, `accessible-drawer-${look}`);
    await page.keyboard.press('Escape');
    await page.locator('.picture').first().click();
    await page.locator('dialog[open] img').first().waitFor();
    await isAccessible(page, `studio lightbox ${look}`);
  });
});

test('the failed jobs, one of them, and the dialogs about them', async () => {
  const user = await it.api.user(40, 'unlucky');
  await Promise.all(Array.from({ length: 3 }, (_, place) => it.api.dead(user, `It will not work ${place}`)));
  await inEveryLook({ address: `/admin/dlq/messages?user=${user.sub}` }, async (page, look) => {
    const row = page.locator('#rows tr').first();
    await row.waitFor();
    await row.getByRole('checkbox').check();
    await isAccessible(page, `failed jobs ${look}`);
    await page.getByRole('button', { name: 'Clean up by age…' }).click();
    await page.getByText('No job is that old.').waitFor();
    await isAccessible(page, `clean-up ${look}`);
    await page.keyboard.press('Escape');
    await row.getByRole('button', { name: /It will not work/ }).first().click();
    await page.locator('.attempts li').first().waitFor();
    await isAccessible(page, `failed job ${look}`);
    await screenshot(page, `accessible-dlq-${look}`);
  });
});

/// Operations that differ in what they show: a list with many filters, one with a body, one that deletes.
const SHOWN = [
  { tags: ['DeadLetters'], operationId: 'listDeadLetters' },
  { tags: ['Accounts'], operationId: 'grantCredits' },
  { tags: ['DeadLetters'], operationId: 'discardDeadLetter' },
];

test('Swagger UI, its dialog, and operations before and after they are pressed', async () => {
  const admin = await it.api.token('admin');
  await inEveryLook({ address: '/docs', refusals: [404] }, async (page, look) => {
    await page.locator('.opblock').first().waitFor();
    await isAccessible(page, `docs ${look}`);
    await screenshot(page, `accessible-docs-${look}`);
    await page.locator('.auth-wrapper > button.authorize').click();
    await isAccessible(page, `docs, the dialog ${look}`);
    await page.locator('.dialog-ux .btn-done').click();
    for (const operation of SHOWN) await unfolded(page, operation);
    await isAccessible(page, `docs, unfolded ${look}`);
    for (const operation of SHOWN) await unfolded(page, operation);
    await authorized(page, admin);
    for (const operation of SHOWN) await execute(page, operation, { staysOpen: true });
    await isAccessible(page, `docs, answered ${look}`);
    await screenshot(page, `accessible-docs-answered-${look}`);
  });
});

test('what is not there says so in words, with somewhere to go', async () => {
  await inEveryLook({ address: '/nowhere', refusals: [404] }, async (page, look) => {
    await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
    await fitsWidth(page);
    await isAccessible(page, `not found ${look}`);
    await screenshot(page, `accessible-not-found-${look}`);
    await page.getByRole('link', { name: 'Go to the studio' }).click();
    await page.waitForURL('/');
  });
});
