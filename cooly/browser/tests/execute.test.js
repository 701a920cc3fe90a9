// Every operation of the document, pressed in Swagger UI as it stands: an example that no longer works is met here and not by
// whoever tries the API for the first time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examples } from '../support/examples.js';
import { alone, authorized, execute } from '../support/swagger.js';
import { suite } from '../support/suite.js';

const it = suite({ args: ['--examples', '--seal-after', '1s'] });

/// What is refused all the same, each with its reason.
const REFUSED = {
  pauseBulkAction: { status: 409, code: 'action_over', because: 'the example is over: one that is not would wait in the console for ever' },
  resumeBulkAction: { status: 409, code: 'action_over', because: 'as above' },
  reopenIncident: { status: 409, code: 'incident_stale', because: 'ignoring it was pressed before, and the example names the revision before that' },
  resolveIncident: { status: 409, code: 'incident_stale', because: 'as above' },
  ...Object.fromEntries(
    ['getWebhook', 'changeWebhook', 'deleteWebhook', 'getWebhookSecret', 'rotateWebhookSecret', 'listWebhookDeliveries', 'getWebhookDelivery', 'redeliverWebhookMessage', 'testWebhook', 'replayWebhook'].map((operation) => [
      operation,
      { status: 404, code: 'not_found', because: 'no endpoint is there before somebody makes one: whatever the examples made would be sent to' },
    ]),
  ),
  reportTask: { status: 404, code: 'not_found', because: 'its address is a credential, which no document can give away' },
};

/// Streams, whose answer is not shown before its end: only the head of it is asked for.
const ENDLESS = ['followGenerations'];

/// Whose token an operation needs.
function roleOf(path) {
  const [, first] = path.split('/');
  return { v1: 'user', audit: 'auditor' }[first] ?? 'admin';
}

/// The operations of the document with who may do them, those of a role together.
async function operations() {
  const { paths } = await (await fetch(`${it.url}/openapi.json`)).json();
  const all = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method, role: roleOf(path) })));
  return ['user', 'admin', 'auditor'].flatMap((role) => all.filter((one) => one.role === role));
}

/// What is wrong with the answer to an operation; null if nothing is.
function fault({ operationId, responses }, { status, code }) {
  if (!responses[status]) return `${operationId}: ${status} is not in the document`;
  const refused = REFUSED[operationId];
  if (refused) return status === refused.status && code === refused.code ? null : `${operationId}: ${status} ${code} and not ${refused.status} ${refused.code}`;
  return status < 300 ? null : `${operationId}: ${status} ${code}`;
}

test('every operation does what it says when it is pressed unchanged', async () => {
  await examples(it.api);
  const all = await operations();
  const faults = [];
  const refusals = new Set(Object.values(REFUSED).map(({ status }) => status));
  await it.pages.with({ address: '/docs', refusals: [...refusals] }, async (page) => {
    let [role, tag] = [null, null];
    for (const operation of all) {
      if (operation.tags[0] !== tag) {
        [tag] = operation.tags;
        await alone(page, tag);
      }
      if (operation.role !== role) {
        role = operation.role;
        await authorized(page, await it.api.token(role, role === 'user' ? 'demo' : undefined));
      }
      const answer = await execute(page, operation, { isEndless: ENDLESS.includes(operation.operationId) });
      faults.push(fault(operation, answer));
    }
    assert.deepEqual(faults.filter(Boolean), []);
  });
  assert.ok(all.length > 60, `only ${all.length} were pressed`);
});
