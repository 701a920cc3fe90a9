// The studio as its user sees it.

import { until } from './api.js';

/// Waits until the studio can be used and its stream is open.
export async function opened(page) {
  await page.locator('#models .model').first().waitFor();
  await page.locator('#live.on').waitFor();
}

/// Fills the form and presses the button; returns the card that appears.
export async function generate(page, { prompt, model = 'sim-image', count = 1, shape = 'Square' }) {
  await page.getByLabel('Prompt', { exact: true }).fill(prompt);
  await page.locator(`#models input[value="${model}"]`).check();
  await page.locator('#shapes').getByText(shape).click();
  await page.getByLabel('How many').fill(String(count));
  const before = await page.locator('.card').count();
  await page.locator('#generate').click();
  await until(async () => (await page.locator('.card').count()) > before, 'a card', 10_000);
  return page.locator('.card').first();
}

/// The card of a generation that was made elsewhere, which may wait behind a button.
export async function shown(page, id) {
  const card = page.locator(`.card[data-id="${id}"]`);
  const fresh = page.locator('#fresh').filter({ visible: true });
  await card.or(fresh).first().waitFor();
  if (!(await card.count())) await fresh.click();
  await card.waitFor();
  return card;
}

/// The card once it is in this status.
export async function inStatus(card, status) {
  await card.and(card.page().locator(`[data-status="${status}"]`)).waitFor();
  return card;
}

/// The natural sizes of all pictures of a card, once they are there.
export async function pictures(card) {
  await inStatus(card, 'succeeded');
  const images = card.locator('.picture img');
  await until(async () => (await images.evaluateAll((all) => all.length && all.every((one) => one.naturalWidth > 0))), 'the pictures');
  return images.evaluateAll((all) => all.map(({ naturalWidth: width, naturalHeight: height }) => ({ width, height })));
}

/// The balance in the bar, which has spaces between its thousands.
export async function shownBalance(page) {
  return Number((await page.locator('#available').textContent()).replaceAll(/\s/g, ''));
}

/// Waits until the bar shows this balance.
export function balanceIs(page, amount) {
  return until(async () => (await shownBalance(page)) === amount, `a balance of ${amount}`, 15_000);
}
