// What only the owner of the private database can do to the log of a server.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const GUARD = 'events_append_only';

/// Runs a statement on the log of the server whose data is in this folder, with the guard taken away for as long.
export async function tamper(data, statement) {
  const kept = async (name) => (await readFile(path.join(data, 'postgres', name), 'utf8')).trim();
  const [port, password] = await Promise.all([kept('port'), kept('password')]);
  const script = `alter table events disable trigger ${GUARD}; ${statement}; alter table events enable trigger ${GUARD};`;
  const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', port, '-U', 'cooly', '-d', 'cooly', '-c', script];
  await promisify(execFile)(process.env.PSQL ?? 'psql', args, { env: { ...process.env, PGPASSWORD: password } });
}
