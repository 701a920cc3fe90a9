// Starts the real binary on a free port with an empty data folder, and ends it.

import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BINARY = process.env.COOLY_BIN ?? path.resolve(import.meta.dirname, '../../../target/debug/cooly');
const READY_WITHIN = 120_000;
const GONE_WITHIN = 30_000;
const LOG_KEPT = 8_000;

/// Starts a server and waits until it is ready: `{ url, stop }`. With `COOLY_URL` set, that one is used instead.
export async function startServer({ catalog, flags = [] } = {}) {
  if (process.env.COOLY_URL) return { url: process.env.COOLY_URL, stop: async () => {} };
  const port = await freePort();
  // Postgres may run as another user, who has to be able to reach the folder.
  const folder = await mkdtemp(path.join(tmpdir(), 'cooly-browser-'));
  await chmod(folder, 0o755);
  const args = ['up', '--listen', `127.0.0.1:${port}`, '--data-dir', path.join(folder, 'data'), ...flags];
  if (catalog) {
    const file = path.join(folder, 'catalog.toml');
    await writeFile(file, catalog);
    args.push('--catalog', file);
  }
  const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { log = (log + text).slice(-LOG_KEPT); });
  const gone = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`));
    child.on('error', (error) => resolve(`${BINARY} cannot be started: ${error.message}; run \`cargo build\` first`));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    if ((await Promise.race([gone, sleep(GONE_WITHIN, null, { ref: false })])) === null) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const problem = await Promise.race([ready(url), gone]);
  if (problem === null) return { url, stop };
  await stop();
  throw new Error(`the server did not become ready: ${problem}\n${log}`);
}

async function ready(url) {
  const end = Date.now() + READY_WITHIN;
  while (Date.now() < end) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok) return null;
    await sleep(100);
  }
  return 'it took too long';
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
