// A real browser, and pages of it that tell on themselves: an error in the console, a violation of the security policy
// or a request to another host fails the test that the page belongs to.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

const SCREENSHOTS = process.env.COOLY_SCREENSHOTS ?? path.resolve(import.meta.dirname, '../screenshots');
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const PHONE = { width: 360, height: 780 };
const DESK = { width: 1360, height: 900 };
const PATIENCE = 60_000;

/// Starts the browser that `CHROMIUM` names.
export function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: QUIET });
}

/// Opens pages of one server in one browser.
export class Pages {
  #browser;
  #url;

  constructor(browser, url) {
    this.#browser = browser;
    this.#url = url;
  }

  /// Runs `work(page)` on a page at `address`, signed in with the tokens given, and then asks whether the page behaved.
  /// `timezoneId` is where the viewer is, else as the machine. `refusals` are the statuses that this test provokes, `tolerates(text)` names other complaints that it provokes: the
  /// browser reports both in the console. `before(page)` comes before the page is loaded.
  async with({ address = '/', tokens = {}, viewport = DESK, colorScheme = 'light', timezoneId, refusals = [], tolerates = () => false, before } = {}, work) {
    const context = await this.#browser.newContext({ viewport, colorScheme, timezoneId, baseURL: this.#url, acceptDownloads: true });
    context.setDefaultTimeout(PATIENCE);
    const complaints = [];
    try {
      await context.addInitScript((all) => {
        for (const [role, token] of Object.entries(all)) {
          if (!sessionStorage.getItem(`cooly.token.${role}`)) sessionStorage.setItem(`cooly.token.${role}`, token);
        }
      }, tokens);
      const page = await context.newPage();
      this.#watch(page, complaints, (text) => tolerates(text) || refusals.some((status) => text.includes(`a status of ${status} `)));
      await before?.(page);
      await page.goto(address);
      await work(page);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  }

  #watch(page, complaints, isExpected) {
    page.on('console', (message) => {
      if (message.type() === 'error' && !isExpected(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (!['blob:', 'data:'].includes(protocol) && origin !== this.#url) complaints.push(`a request to ${request.url()}`);
    });
  }
}

/// Keeps a picture of the page for a person to look at.
export async function screenshot(page, name, options = {}) {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), ...options });
}

/// Fails if the page can be scrolled sideways, and names what sticks out.
export async function fitsWidth(page) {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const out = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > width + 1);
    return [`${document.documentElement.scrollWidth} px`, ...out.map((one) => `${one.tagName}.${one.className}`)];
  });
  assert.deepEqual(wide, []);
}
