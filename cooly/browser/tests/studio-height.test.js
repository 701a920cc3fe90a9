// The studio on low screens: nothing of the form lies under the button.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { screenshot } from '../support/browser.js';
import { opened } from '../support/studio.js';
import { suite } from '../support/suite.js';

const it = suite();

/// How far the field reaches below the upper edge of the foot, in pixels.
async function covered(page) {
  const [field, foot] = await Promise.all(['.stepper', '.composer-foot'].map((part) => page.locator(part).boundingBox()));
  return Math.max(0, field.y + field.height - foot.y);
}

test('how many can be seen at 1366 × 768, and beside a problem at 900 pixels', async () => {
  const user = await it.api.user(20);
  await it.pages.with({ tokens: { user: user.token }, refusals: [422] }, async (page) => {
    await page.setViewportSize({ width: 1366, height: 768 });
    await opened(page);
    await screenshot(page, 'studio-768');
    assert.ok((await covered(page)) < 12, `${await covered(page)} pixels are covered at 768`);
    await page.setViewportSize({ width: 1360, height: 900 });
    await page.getByLabel('Prompt', { exact: true }).fill('\u200b');
    await page.locator('#generate').click();
    await page.getByText(/must hold something that can be seen/).waitFor();
    await screenshot(page, 'studio-900-problem');
    assert.ok((await covered(page)) < 12, `${await covered(page)} pixels are covered at 900`);
  });
});
