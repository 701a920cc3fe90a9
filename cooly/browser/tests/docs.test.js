// Swagger UI, offline: an admin authorizes and retries a failed job from it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { screenshot } from '../support/browser.js';
import { suite } from '../support/suite.js';

const RETRY = '/admin/dlq/messages/{id}/retry';
const it = suite();

test('Swagger UI authorizes and executes a retry of a failed job', async () => {
  const user = await it.api.user(4, 'unlucky');
  const job = await it.api.dead(user, 'Retried by hand');
  const admin = await it.api.token('admin');
  await it.pages.with({ address: '/docs' }, async (page) => {
    await page.locator('button.authorize').first().click();
    const field = page.locator('.auth-container input').first();
    await field.fill(admin);
    await page.locator('.auth-btn-wrapper .authorize').first().click();
    await page.locator('.auth-btn-wrapper .btn-done').first().click();
    const operation = page.locator('.opblock').filter({ has: page.locator(`[data-path="${RETRY}"]`) });
    await operation.locator('.opblock-summary-control, .opblock-summary').first().click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.locator('tr[data-param-name="id"] input').fill(job.id);
    await operation.getByRole('button', { name: 'Execute' }).click();
    const status = operation.locator('.live-responses-table .response .response-col_status').first();
    await status.waitFor();
    assert.match(await status.innerText(), /^202/);
    await status.scrollIntoViewIfNeeded();
    await screenshot(page, 'swagger-retry');
    const { events } = await it.api.admin('GET', `/admin/dlq/messages/${job.id}`).catch(() => ({ events: null }));
    // It is either on its way again, or has failed again with the retry in its events.
    if (events) assert.ok(events.some(({ type }) => type === 'job.retried'));
    else assert.notEqual((await it.api.generation(user, job.id)).status, 'dead');
  });
});
