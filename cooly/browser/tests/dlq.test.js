// The failed jobs: what an admin sees of them and can do about them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/api.js';
import { fitsWidth, PHONE, screenshot } from '../support/browser.js';
import { suite } from '../support/suite.js';

const PAGE = '/admin/dlq/messages';
const HOSTILE = '<img src=x onerror="window.hacked = 1"> failed';
const it = suite();

/// Users with so many failed jobs.
async function failed(count, prompt = 'It will not work') {
  const user = await it.api.user(count * 4, 'unlucky');
  const jobs = await Promise.all(Array.from({ length: count }, (_, place) => it.api.dead(user, `${prompt} ${place + 1}`)));
  return { user, jobs };
}

const rowOf = (page, { id }) => page.locator(`#rows tr[data-id="${id}"]`);
const only = ({ sub }) => `${PAGE}?user=${encodeURIComponent(sub)}`;

async function rowsAre(page, count) {
  await until(async () => (await page.locator('#rows tr').count()) === count, `${count} rows`, 20_000);
}

test('a failed job is listed with its reason, and its panel tells every attempt', async () => {
  const { user, jobs: [job] } = await failed(1, HOSTILE);
  await it.pages.with({ address: PAGE }, async (page) => {
    const row = rowOf(page, job);
    await row.waitFor();
    const words = await row.innerText();
    assert.ok(words.includes(job.failure.code) && words.includes(user.sub) && words.includes(HOSTILE), words);
    assert.match(await page.locator('#caller').textContent(), /admin/);
    await screenshot(page, 'dlq');
    await row.getByRole('button', { name: HOSTILE }).first().click();
    await page.locator('.attempts li').first().waitFor();
    assert.equal(await page.locator('.attempts li').count(), job.attempts);
    const events = await page.locator('.events').innerText();
    for (const type of ['job.queued', 'job.started', 'job.attempt_failed', 'job.dead_lettered']) assert.ok(events.includes(type), type);
    assert.equal(await page.locator('.whole-prompt').textContent(), job.prompt);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await screenshot(page, 'dlq-detail');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#detail[open]').count(), 0);
  });
});

test('one job is retried, free of charge', async () => {
  const { user, jobs: [job] } = await failed(1);
  await it.pages.with({ address: only(user) }, async (page) => {
    await rowOf(page, job).getByRole('button', { name: /^Retry/ }).click();
    await page.getByText('The job was sent again.').waitFor();
    const again = await until(async () => {
      const { items } = await it.api.admin('GET', `${PAGE}?user=${user.sub}`);
      return items.find(({ id, run }) => id === job.id && run === 2);
    }, 'the second run to fail');
    assert.equal(again.attempts, job.attempts);
    assert.equal(await it.api.balance(user), 0);
    await rowOf(page, job).waitFor();
  });
});

test('one job is deleted after a question that names credits and user, and refunded', async () => {
  const { user, jobs: [job] } = await failed(1);
  await it.pages.with({ address: only(user) }, async (page) => {
    const trash = rowOf(page, job).getByRole('button', { name: /^Delete/ });
    await trash.click();
    const question = page.getByRole('dialog');
    assert.match(await question.innerText(), new RegExp(`4\\scredits go back to ${user.sub}`));
    await screenshot(page, 'dlq-delete');
    await question.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await it.api.balance(user), 0);
    await trash.click();
    await question.getByRole('button', { name: 'Delete and refund' }).click();
    await page.getByText(/4\scredits went back/).waitFor();
    await rowsAre(page, 0);
    assert.equal(await it.api.balance(user), 4);
    assert.equal((await it.api.generation(user, job.id)).status, 'discarded');
  });
});

test('some are selected and retried, with the figures first', async () => {
  const { user, jobs } = await failed(3);
  await it.pages.with({ address: only(user) }, async (page) => {
    await rowsAre(page, 3);
    for (const job of jobs.slice(0, 2)) await rowOf(page, job).getByRole('checkbox').check();
    assert.match(await page.locator('#selected').textContent(), /2 jobs selected, 8\scredits/);
    await page.locator('#bulk-retry').click();
    const question = page.getByRole('dialog');
    assert.match(await question.innerText(), /Retry 2 jobs\?[^]*8\scredits/);
    await question.getByRole('button', { name: 'Retry 2 jobs' }).click();
    await page.locator('.notice').getByText('2 jobs sent again.').waitFor();
    for (const job of jobs) {
      const events = async () => (await it.api.admin('GET', `${PAGE}/${job.id}`)).events.filter(({ type }) => type === 'job.retried').length;
      await it.api.settled(user, job.id, ['dead']);
      await it.api.listed(user, job.id);
      assert.equal(await events(), job === jobs[2] ? 0 : 1);
    }
  });
});

test('all that match are deleted at once, and others are left alone', async () => {
  const mine = await failed(3);
  const others = await failed(1);
  await it.pages.with({ address: only(mine.user) }, async (page) => {
    await rowsAre(page, 3);
    await rowOf(page, mine.jobs[0]).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Select all 3 that match' }).click();
    await page.locator('#bulk-discard').click();
    const question = page.getByRole('dialog');
    assert.match(await question.innerText(), /Delete 3 jobs\?[^]*12\scredits go back/);
    await screenshot(page, 'dlq-bulk');
    await question.getByRole('button', { name: 'Delete 3 jobs' }).click();
    await page.getByText(/3 jobs deleted\. 12\scredits went back/).waitFor();
    await rowsAre(page, 0);
    assert.equal(await it.api.balance(mine.user), 12);
    assert.equal(await it.api.balance(others.user), 0);
  });
});

test('many jobs are retried by an action that shows how far it is, and that can be paused, resumed and stopped', async () => {
  const { user } = await failed(24);
  for (const [viewport, colorScheme, name] of [[PHONE, 'dark', 'phone-dark'], [undefined, 'light', 'light']]) {
    await it.pages.with({ address: only(user), ...(viewport && { viewport }), colorScheme }, async (page) => {
      await rowsAre(page, 24);
      await page.locator('#select-shown').check();
      await page.locator('#bulk-retry').click();
      const dialog = page.locator('#order[open]');
      assert.match(await dialog.innerText(), /Retry 24 jobs\?[^]*96\scredits[^]*24 jobs on sim-image-down/);
      // Without a reason nothing is ordered.
      await dialog.getByRole('button', { name: 'Retry 24 jobs' }).click();
      assert.equal(await dialog.isVisible(), true);
      await dialog.getByLabel('Why?').fill('The painter is back');
      await dialog.getByLabel('Try first').fill('2');
      await fitsWidth(page);
      await screenshot(page, `dlq-order-${name}`);
      await dialog.getByLabel('Why?').press('Enter');
      await page.getByText('It goes on by itself from here').waitFor();
      const card = page.locator('.action').first();
      await card.getByText('Trying the first').waitFor();
      await card.getByRole('button', { name: 'Pause' }).click();
      await card.getByText('Paused', { exact: true }).waitFor();
      await card.getByRole('button', { name: 'Resume' }).click();
      // Those that are tried first fail again, so it pauses by itself.
      await card.getByText(/2 of the 2 first jobs that ended did so badly/).waitFor();
      await fitsWidth(page);
      await card.scrollIntoViewIfNeeded();
      await screenshot(page, `dlq-action-${name}`);
      assert.match(await card.innerText(), /2 failed again · 22 waiting/);
      await card.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Stop it' }).click();
      await card.getByText('Stopped', { exact: true }).waitFor();
      assert.equal(await card.getByRole('button').count(), 0);
      await until(async () => {
        const { items } = await it.api.admin('GET', `${PAGE}?user=${user.sub}&limit=100`);
        return items.length === 24;
      }, 'all to be listed again');
    });
  }
  const { items: [last] } = await it.api.admin('GET', '/admin/dlq/bulk-actions?limit=1');
  assert.deepEqual([last.state, last.reason, last.counts.waiting, last.counts.failed], ['aborted', 'The painter is back', 22, 2]);
});

test('nothing else can be pressed while many jobs are acted on', async () => {
  const mine = await failed(3);
  let release;
  const held = new Promise((done) => { release = done; });
  await it.pages.with({ address: only(mine.user) }, async (page) => {
    await rowsAre(page, 3);
    for (const job of mine.jobs.slice(0, 2)) await rowOf(page, job).getByRole('checkbox').check();
    await page.route('**/admin/dlq/bulk-actions', async (route) => {
      if (route.request().postDataJSON().dry_run === false) await held;
      return route.continue();
    });
    await page.locator('#bulk-retry').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retry 2 jobs' }).click();
    await page.locator('#jobs[inert]').waitFor({ state: 'attached' });
    const trash = rowOf(page, mine.jobs[2]).locator('[data-act=discard]');
    await assert.rejects(trash.click({ timeout: 1_000 }), /Timeout/);
    assert.equal(await page.getByRole('dialog').count(), 0);
    for (const other of ['#bulk', '#clean-up', '#incidents']) assert.equal(await page.locator(`${other}[inert]`).count(), 1, other);
    release();
    await page.locator('.notice').getByText('2 jobs sent again.').waitFor();
    assert.equal(await page.locator('[inert]').count(), 0);
    // The others may fail again any moment; under the pointer no row moves.
    await rowOf(page, mine.jobs[2]).hover();
    await trash.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await it.api.balance(mine.user), 0);
  });
});

test('what was deleted leaves the page although the list is late to hear of it', async () => {
  const mine = await failed(2);
  await it.pages.with({ address: only(mine.user) }, async (page) => {
    await rowsAre(page, 2);
    const body = JSON.stringify(await it.api.admin('GET', only(mine.user)));
    await page.route(/dlq\/messages\?/, (route) => (route.request().method() === 'GET'
      ? route.fulfill({ status: 200, contentType: 'application/json', body })
      : route.continue()));
    await rowOf(page, mine.jobs[0]).getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete and refund' }).click();
    await rowsAre(page, 1);
    await page.locator('#rows').hover();
    await rowOf(page, mine.jobs[1]).getByRole('checkbox').check();
    await page.locator('#bulk-discard').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete 1 job' }).click();
    await rowsAre(page, 0);
    assert.equal(await page.locator('#total').textContent(), '0');
    assert.equal(await it.api.balance(mine.user), 8);
  });
});

test('filters are in the address and survive a reload', async () => {
  const { user } = await failed(2);
  await failed(1);
  await it.pages.with({ address: PAGE }, async (page) => {
    await page.locator('#rows tr').nth(2).waitFor();
    await page.getByLabel('User').fill(user.sub);
    await rowsAre(page, 2);
    await page.getByLabel('Class').selectOption('throttled');
    await page.getByText('No failed job matches').waitFor();
    await page.getByLabel('Class').selectOption('transient');
    await page.getByLabel('Failed', { exact: true }).selectOption('newer-1h');
    await rowsAre(page, 2);
    const { search } = new URL(page.url());
    assert.deepEqual(Object.fromEntries(new URLSearchParams(search)), { user: user.sub, class: 'transient', age: 'newer-1h' });
    await page.reload();
    await rowsAre(page, 2);
    await page.getByLabel('Failed', { exact: true }).selectOption('older-7d');
    await rowsAre(page, 0);
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.locator('#rows tr').nth(2).waitFor();
    assert.equal(new URL(page.url()).search, '');
  });
});

test('a job that fails while the page is open appears by itself', async () => {
  const user = await it.api.user(4, 'later');
  await it.pages.with({ address: only(user) }, async (page) => {
    await page.getByText('No failed job matches').waitFor();
    const job = await it.api.dead(user, 'Later');
    await rowOf(page, job).waitFor();
  });
});

test('the keyboard goes from job to job and opens one', async () => {
  const { user, jobs } = await failed(2);
  await it.pages.with({ address: only(user) }, async (page) => {
    await rowsAre(page, 2);
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'q');
    await page.locator('#rows .prompt').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.attempts li').first().waitFor();
    const last = await page.locator('#rows tr').nth(1).getAttribute('data-id');
    assert.equal(new URL(page.url()).searchParams.get('job'), last);
    assert.ok(jobs.some(({ id }) => id === last));
  });
});

test('cleaning up by age counts first, and deletes what it counted', async () => {
  const { user, jobs } = await failed(2);
  // Nothing here is an hour old: the page's hours are passed on as seconds.
  const before = (page) => page.route('**/admin/dlq/cleanup', (route) => {
    const body = route.request().postDataJSON();
    return route.continue({ postData: JSON.stringify({ ...body, older_than: body.older_than.replace('h', 's') }) });
  });
  await it.pages.with({ address: only(user), before }, async (page) => {
    await rowsAre(page, 2);
    const { total } = await it.api.admin('GET', PAGE);
    await page.getByRole('button', { name: 'Clean up by age…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('No job is that old.').waitFor();
    assert.ok(await page.locator('#cleanup-go').isDisabled());
    await until(() => jobs.every(({ died_at: died }) => Date.now() - Date.parse(died) > 1500), 'the jobs to grow old');
    await dialog.getByLabel('Unit').selectOption('h');
    await dialog.getByLabel('Older than').fill('1');
    await dialog.getByText(`${total} jobs would be deleted and`).waitFor();
    await screenshot(page, 'dlq-cleanup');
    await dialog.getByRole('button', { name: `Delete ${total} jobs` }).click();
    await page.getByText(`${total} jobs deleted.`).waitFor();
    await rowsAre(page, 0);
    assert.equal(await it.api.balance(user), 8);
    assert.equal((await it.api.admin('GET', PAGE)).total, 0);
  });
});

test('the page fits a phone, light and dark', async () => {
  const { user } = await failed(2, 'averyveryverylongwordwithoutanyspaces'.repeat(4));
  for (const colorScheme of ['light', 'dark']) {
    await it.pages.with({ address: only(user), viewport: PHONE, colorScheme }, async (page) => {
      await rowsAre(page, 2);
      await fitsWidth(page);
      await page.locator('#rows .prompt').first().scrollIntoViewIfNeeded();
      await screenshot(page, `dlq-phone-${colorScheme}`);
      await page.locator('#rows .prompt').first().click();
      await page.locator('.attempts li').first().waitFor();
      await fitsWidth(page);
    });
  }
  await it.pages.with({ address: only(user), colorScheme: 'dark' }, async (page) => {
    await rowsAre(page, 2);
    await screenshot(page, 'dlq-dark');
  });
});

test('a user is told that the page is for admins', async () => {
  const { token } = await it.api.user(0);
  const before = (page) => page.route('**/dev/token', (route) => route.fulfill({ status: 404, body: '{}' }));
  await it.pages.with({ address: PAGE, before, refusals: [403, 404] }, async (page) => {
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(/needs the role “admin”/).waitFor();
    assert.equal(await page.locator('main').isVisible(), false);
  });
});

test('what was looked at and was run again since is not deleted', async () => {
  const { user, jobs: [job] } = await failed(1);
  await it.pages.with({ address: only(user), refusals: [409] }, async (page) => {
    const row = rowOf(page, job);
    await row.hover();
    await it.api.admin('POST', `${PAGE}/${job.id}/retry?run=1`);
    await until(async () => (await it.api.admin('GET', `${PAGE}?user=${user.sub}`)).items.some(({ run }) => run === 2), 'the second run to fail');
    // Under the pointer no row comes or goes by itself.
    await page.getByRole('button', { name: '1 new: show' }).waitFor();
    await row.getByRole('button', { name: /^Delete/ }).click();
    const dialog = page.locator('dialog[open]');
    assert.match(await dialog.innerText(), new RegExp(`“${job.prompt}”[^]*${user.sub}`));
    await screenshot(page, 'dlq-delete');
    await dialog.getByRole('button', { name: 'Delete and refund' }).click();
    await page.getByText(/run 1 was decided on/i).waitFor();
    assert.equal(await it.api.balance(user), 0, 'nothing was refunded');
  });
});

test('a filter that cannot be read shows nothing and says so', async () => {
  const { user } = await failed(1);
  for (const query of ['class=bogus', `user=${user.sub}&state=dead`, 'age=soon']) {
    await it.pages.with({ address: `${PAGE}?${query}` }, async (page) => {
      await page.getByText(/has a filter that does not exist/).waitFor();
      assert.equal(await page.locator('#rows tr').count(), 0);
      assert.equal(await page.locator('#bulk').isVisible(), false);
      await screenshot(page, 'dlq-unreadable');
      await page.getByRole('button', { name: 'Clear', exact: true }).click();
      await page.locator('#rows tr').first().waitFor();
    });
  }
});
