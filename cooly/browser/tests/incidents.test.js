// The causes of failures, above the jobs: a card each, and what is decided about them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAccessible } from '../support/axe.js';
import { until } from '../support/api.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { suite } from '../support/suite.js';

const PAGE = '/admin/dlq/messages';
const LIST = '/admin/dlq/incidents';
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1366, height: 768 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1366, height: 768 } },
  { name: 'phone-light', colorScheme: 'light', viewport: { ...PHONE, width: 390 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: PHONE },
];
const it = suite();

/// Jobs that failed on a model, of users with one each.
function failed(count, model = 'sim-image-down') {
  return Promise.all(Array.from({ length: count }, async (_, place) => {
    const user = await it.api.user(100, 'unlucky');
    const { id } = await it.api.generate(user, model, `It will not work ${place + 1}`);
    return it.api.listed(user, id);
  }));
}

const loud = (page, words) => page.locator('#incident-cards .incident').filter({ hasText: words });
const quiet = (page, words) => page.locator('#quiet-cards .incident').filter({ hasText: words });
const IMAGES = 'Provider unavailable on sim-image-down';

async function incidentOf(model) {
  const { items } = await it.api.admin('GET', LIST);
  return items.find((incident) => incident.model === model);
}

test('nothing has failed: all is clear, and the page says so', async () => {
  for (const { name, ...look } of LOOKS) {
    await it.pages.with({ address: PAGE, ...look }, async (page) => {
      await page.getByText('All clear').waitFor();
      await page.getByText('no job has ever failed').waitFor();
      await fitsWidth(page);
      await isAccessible(page, `all clear ${name}`);
      await screenshot(page, `incidents-clear-${name}`);
    });
  }
});

test('a storm of two causes is two cards, in every look', async () => {
  await failed(14);
  await failed(2, 'sim-video-down');
  for (const { name, ...look } of LOOKS) {
    await it.pages.with({ address: PAGE, ...look }, async (page) => {
      await loud(page, 'sim-video-down').waitFor();
      assert.equal(await page.locator('#incident-cards .incident').count(), 2);
      const words = await loud(page, IMAGES).innerText();
      assert.match(words, /Rising[^]*jobs\s*14[^]*people\s*14[^]*credits\s*56[^]*First .*, last /);
      assert.match(await loud(page, IMAGES).locator('.sparkline').getAttribute('aria-label'), /^14 jobs that wait failed within 24 hours, 14 of them in the last hour/);
      await fitsWidth(page);
      await isAccessible(page, `incidents ${name}`);
      await screenshot(page, `incidents-${name}`);
      await page.locator('#jobs').scrollIntoViewIfNeeded();
      await screenshot(page, `incidents-${name}-list`);
      await loud(page, IMAGES).getByRole('button', { name: /^Ignore/ }).click();
      await page.locator('#ignore[open]').waitFor();
      await fitsWidth(page);
      await isAccessible(page, `ignoring ${name}`);
      await screenshot(page, `incidents-ignore-${name}`);
    });
  }
});

test('rows are forty pixels high, twelve of them in view, under a head that stays', async () => {
  await it.pages.with({ address: PAGE, viewport: { width: 1366, height: 768 } }, async (page) => {
    await page.locator('#rows tr').nth(13).waitFor();
    await page.evaluate(() => document.querySelector('#jobs').scrollIntoView());
    await page.mouse.wheel(0, 60);
    const { heights, inView, head, bar } = await page.evaluate(() => {
      const box = (one) => one.getBoundingClientRect();
      const rows = [...document.querySelectorAll('#rows tr')].map(box);
      const bar = box(document.querySelector('.bar')).bottom;
      return {
        heights: [...new Set(rows.map(({ height }) => Math.round(height)))],
        inView: rows.filter(({ top, bottom }) => top >= bar && bottom <= innerHeight).length,
        head: box(document.querySelector('#jobs th.reason')).top,
        bar,
      };
    });
    assert.ok(heights.every((height) => height >= 40 && height <= 42), `${heights}`);
    assert.ok(inView >= 12, `${inView} rows`);
    assert.ok(head >= bar - 4, `the head is at ${head}, under a bar that ends at ${bar}`);
  });
});

test('all jobs of a cause are refunded, after a question that names jobs, people and credits', async () => {
  const { credits } = await incidentOf('sim-video-down');
  await it.pages.with({ address: PAGE }, async (page) => {
    const card = loud(page, 'sim-video-down');
    await card.getByRole('button', { name: /^Refund all/ }).click();
    const question = page.getByRole('dialog');
    assert.match(await question.innerText(), new RegExp(`Delete 2 jobs\\?[^]*${credits}\\scredits go back to 2 people`));
    await screenshot(page, 'incidents-refund');
    await question.getByRole('button', { name: 'Delete 2 jobs' }).click();
    await page.getByText(/2 jobs deleted\./).waitFor();
    await card.waitFor({ state: 'detached' });
    assert.equal(await loud(page, IMAGES).count(), 1, 'the other cause is left alone');
  });
  assert.equal(await incidentOf('sim-video-down'), undefined);
});

test('all jobs of a cause are retried, and those of it alone', async () => {
  await failed(1, 'sim-video-down');
  const { id } = await incidentOf('sim-video-down');
  await it.pages.with({ address: PAGE }, async (page) => {
    await loud(page, 'sim-video-down').getByRole('button', { name: /^Retry all/ }).click();
    const question = page.getByRole('dialog');
    assert.match(await question.innerText(), /Retry 1 job\?[^]*credits of 1 person are paid or held/);
    await question.getByRole('button', { name: 'Retry 1 job' }).click();
    await page.getByText('1 job sent again.').waitFor();
  });
  await until(async () => {
    const { items } = await it.api.admin('GET', `${PAGE}?incident=${id}`);
    return items.length === 1 && items[0].run === 2;
  }, 'the second run to fail');
  const { items } = await it.api.admin('GET', `${PAGE}?model=sim-image-down&limit=100`);
  assert.ok(items.every(({ run }) => run === 1));
});

test('what is resolved is quiet, and comes back when a job fails of it again', async () => {
  await it.pages.with({ address: PAGE }, async (page) => {
    await loud(page, IMAGES).getByRole('button', { name: /^Resolve/ }).click();
    await page.getByText('Resolved. The next job that fails of it brings it back.').waitFor();
    await loud(page, IMAGES).waitFor({ state: 'detached' });
    await page.locator('#quiet-title').click();
    assert.match(await quiet(page, IMAGES).innerText(), /Resolved by /);
    await screenshot(page, 'incidents-resolved');
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.activeElement.blur());
    await failed(1);
    const back = loud(page, IMAGES);
    await back.waitFor();
    assert.match(await back.innerText(), /Came back[^]*jobs\s*15[^]*failed of it again/);
    await screenshot(page, 'incidents-regressed');
  });
});

test('an incident is ignored until more failed of it, and taken up again by hand', async () => {
  await it.pages.with({ address: PAGE }, async (page) => {
    await loud(page, IMAGES).getByRole('button', { name: /^Ignore/ }).click();
    const dialog = page.locator('#ignore[open]');
    await dialog.getByLabel('Ignore it').selectOption('count');
    await dialog.getByLabel('How many more').fill('5');
    await dialog.getByLabel('Why').fill('They mend it');
    await dialog.getByRole('button', { name: 'Ignore', exact: true }).click();
    await loud(page, IMAGES).waitFor({ state: 'detached' });
    await page.locator('#quiet-title').click();
    assert.match(await quiet(page, IMAGES).innerText(), /Ignored by .* until 5 more jobs failed of it: “They mend it”/);
    await quiet(page, IMAGES).getByRole('button', { name: /^Reopen/ }).click();
    await loud(page, IMAGES).waitFor();
  });
  const { last_change: last, state } = await incidentOf('sim-image-down');
  assert.deepEqual([state, last.event], ['open', 'reopened']);
});

test('whoever decides on what somebody else has decided on meanwhile is told so', async () => {
  const body = JSON.stringify(await it.api.admin('GET', LIST));
  const before = (page) => page.route(`**${LIST}?**`, (route) => route.fulfill({ status: 200, contentType: 'application/json', body }));
  await it.pages.with({ address: PAGE, before, refusals: [409] }, async (page) => {
    const card = loud(page, IMAGES);
    await card.waitFor();
    const { id, revision } = await incidentOf('sim-image-down');
    await it.api.admin('POST', `${LIST}/${id}/ignore`, { more: 1000, expected_revision: revision });
    await card.getByRole('button', { name: /^Resolve/ }).click();
    await page.getByText(/somebody decided otherwise since/).waitFor();
    assert.equal((await incidentOf('sim-image-down')).state, 'ignored');
    await it.api.admin('POST', `${LIST}/${id}/reopen`, { expected_revision: revision + 1 });
  });
});

test('filters are chips, in the address, and one that cannot be read shows nothing', async () => {
  const { id } = await incidentOf('sim-video-down');
  await it.pages.with({ address: PAGE }, async (page) => {
    await loud(page, 'sim-video-down').getByRole('button', { name: /^Show jobs/ }).click();
    const chip = page.locator('#chips button');
    await chip.getByText('Incident: Provider').waitFor();
    await until(async () => (await page.locator('#rows tr').count()) === 1, 'one row', 20_000);
    assert.equal(new URL(page.url()).searchParams.get('incident'), id);
    await page.reload();
    await until(async () => (await page.locator('#rows tr').count()) === 1, 'one row after a reload', 20_000);
    await chip.first().click();
    await page.locator('#rows tr').nth(13).waitFor();
    await page.getByLabel('Search messages and prompts').fill('WORK 7');
    await until(async () => (await page.locator('#rows tr').count()) === 1, 'the one that is searched for', 20_000);
    await page.getByText('More filters').click();
    await page.getByLabel('Credits, at least').fill('5');
    await page.getByText('No failed job matches').waitFor();
    await screenshot(page, 'incidents-filters');
    assert.deepEqual(Object.fromEntries(new URL(page.url()).searchParams), { q: 'WORK 7', min_credits: '5' });
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByLabel('Order').selectOption('oldest');
    await until(async () => /It will not work/.test(await page.locator('#rows tr').first().innerText()), 'rows', 20_000);
    const { items: [oldest] } = await it.api.admin('GET', `${PAGE}?sort=oldest&limit=1`);
    await page.locator(`#rows tr:first-child[data-id="${oldest.id}"]`).waitFor();
  });
  for (const query of ['incident=1', 'min_attempts=many', 'sort=dearest', 'kind=sound']) {
    await it.pages.with({ address: `${PAGE}?${query}` }, async (page) => {
      await page.getByText(/has a filter that does not exist/).waitFor();
      assert.equal(await page.locator('#rows tr').count(), 0);
    });
  }
});

test('keys go from job to job, choose, retry, and tell what they are', async () => {
  await it.pages.with({ address: PAGE }, async (page) => {
    await page.locator('#rows tr').nth(2).waitFor();
    await page.keyboard.press('?');
    await page.locator('#keys[open]').waitFor();
    await screenshot(page, 'incidents-keys');
    await page.keyboard.press('Escape');
    const focused = () => page.evaluate(() => document.activeElement.closest('tr')?.dataset.id);
    const idOf = (place) => page.locator('#rows tr').nth(place).getAttribute('data-id');
    await page.keyboard.press('j');
    assert.equal(await focused(), await idOf(0));
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    const second = await idOf(1);
    assert.equal(await focused(), second);
    await page.keyboard.press('x');
    assert.match(await page.locator('#selected').textContent(), /1 job selected/);
    await page.keyboard.press('x');
    assert.equal(await page.locator('#bulk').isVisible(), false);
    await page.keyboard.press('r');
    await page.getByText('The job was sent again.').waitFor();
    await until(async () => (await it.api.admin('GET', `${PAGE}?limit=100`)).items.some(({ id, run }) => id === second && run >= 2), 'it to fail again');
  });
});
