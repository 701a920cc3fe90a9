// Swagger UI as somebody uses it who tries the API.

/// Swagger UI shows an answer as soon as it is there; what takes longer has not been sent.
const ANSWERED_WITHIN = 15_000;

/// Sends this token from now on.
export async function authorized(page, token) {
  await page.locator('.auth-wrapper > button.authorize').click();
  const dialog = page.locator('.dialog-ux');
  const logout = dialog.getByText('Logout', { exact: true });
  if (await logout.count()) await logout.click();
  await dialog.locator('input').fill(token);
  await dialog.locator('button[type="submit"]').click();
  await dialog.locator('.btn-done').click();
  await dialog.waitFor({ state: 'detached' });
}

/// A click without waiting for a page of so many operations to come to rest.
const pressed = (button) => button.dispatchEvent('click');

/// Closes every section but that of a tag: whatever is shown is drawn anew at each click.
export async function alone(page, tag) {
  for (const section of await page.locator('.opblock-tag').all()) {
    const [name, isOpen] = await section.evaluate((one) => [one.dataset.tag, one.dataset.isOpen === 'true']);
    if (isOpen !== (name === tag)) await pressed(section);
  }
}

/// Opens an operation, or closes it.
export async function opened(page, { tags, operationId }) {
  const block = page.locator(`#operations-${tags[0]}-${operationId}`);
  await pressed(block.locator('.opblock-summary-control'));
  return block;
}

/// Presses *Try it out* and *Execute* on an operation as it stands: the status that is shown, and the code of a problem.
export async function execute(page, operation, { isEndless = false, staysOpen = false } = {}) {
  const { operationId, path, method } = operation;
  const block = await opened(page, operation);
  await pressed(block.locator('button.try-out__btn'));
  const head = isEndless && page.waitForResponse((response) => new URL(response.url()).pathname === path && response.request().method() === method.toUpperCase());
  await pressed(block.locator('button.execute'));
  const answer = isEndless ? { status: (await head).status() } : await shown(block, operationId);
  if (!staysOpen) await opened(page, operation);
  return answer;
}

async function shown(block, operationId) {
  const answer = block.locator('.live-responses-table tbody .response').first();
  await answer.waitFor({ timeout: ANSWERED_WITHIN }).catch(() => {
    throw new Error(`${operationId} was not sent or not answered`);
  });
  const status = Number.parseInt(await answer.locator('.response-col_status').innerText(), 10);
  if (status < 400) return { status };
  return { status, code: JSON.parse(await answer.locator('.highlight-code code').innerText()).code };
}
