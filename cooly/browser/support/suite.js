// What every file of tests needs: one server, one browser, and both gone at the end.

import { after, before } from 'node:test';
import { Api } from './api.js';
import { Pages, startBrowser } from './browser.js';
import { startServer } from './server.js';

/// Arranges them around the tests of the file that calls it. The fields are there once the tests run. `catalog` is the text of
/// a catalogue; without one the simulated models are on offer. `flags` are more flags of `cooly up`.
export function suite({ catalog, flags } = {}) {
  const parts = {};
  before(async () => {
    parts.server = await startServer({ catalog, flags });
    parts.browser = await startBrowser();
    parts.url = parts.server.url;
    parts.api = new Api(parts.url);
    parts.pages = new Pages(parts.browser, parts.url);
  });
  after(async () => {
    await parts.browser?.close();
    await parts.server?.stop();
  });
  return parts;
}
