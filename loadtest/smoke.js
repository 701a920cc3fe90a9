// Every endpoint once, as a user, an admin, an auditor and an operator would call it. It ends by reading the
// OpenAPI document: an operation that was not called fails the run, so a new route needs a line here.

import { check, fail, sleep } from 'k6';
import { Counter } from 'k6/metrics';
import { call, called, json, waitUntilReady } from './lib/http.js';
import { operate } from './lib/operations.js';
import { tokens, trendStats, users } from './lib/settings.js';
import { summarize } from './lib/summary.js';

const [user, stranger] = users;
const PATIENCE_SECONDS = 60;
const completed = new Counter('completed');

export const options = {
  scenarios: { smoke: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '5m' } },
  thresholds: { errors: ['rate==0'], checks: ['rate==1'], completed: ['count==1'] },
  summaryTrendStats: trendStats,
};

export function setup() {
  waitUntilReady();
}

export default function () {
  operator();
  credits();
  const picture = generations();
  const [retried, deleted, discarded] = deadLetters();
  mending(retried, deleted, discarded);
  story(picture);
  accounts();
  orders();
  statements();
  auditor(picture);
  sealed();
  books();
  keys();
  webhooks();
  session();
  strangers(picture);
  coverage();
  completed.add(1);
}

function operator() {
  for (const path of ['/health/live', '/health/ready', '/metrics', '/docs', '/openapi.json', '/']) call('GET', path);
  const { token } = json(call('POST', '/dev/token', { body: { role: 'user', sub: user.sub } }));
  expect('a development token works', call('GET', '/v1/credits', { token }).status === 200);
}

function credits() {
  const { items } = get('/v1/models');
  expect('there are models', items.length > 0);
  operate('grant', user.sub, { body: { amount: '200', reason: 'smoke' } });
  operate('adjust', user.sub, { body: { amount: '-5', reason: 'smoke' } });
  expect('granted less adjusted is there', get('/v1/credits').available === '195');
  eventually('the history tells of both', () => get('/v1/credits/history').items.length === 2);
}

function generations() {
  const made = generate({ model: 'sim-image', prompt: 'a red kite over the sea', count: 2 });
  const done = follow(made.id);
  expect('a picture succeeds', done.status === 'succeeded' && done.outputs.length === 2);
  const file = call('GET', done.outputs[1].url, { token: user.token, name: '/v1/generations/{id}/outputs/{n}' });
  expect('its file is a PNG', file.headers['Content-Type'] === 'image/png');
  const small = done.outputs[1].thumbnail_url;
  const copy = call('GET', small, { token: user.token, name: '/v1/generations/{id}/outputs/{n}/thumbnail' });
  expect('its small copy is a JPEG', copy.headers['Content-Type'] === 'image/jpeg');
  unchanged(done.id);
  const items = ['a', 'b', 'c'].map((prompt) => ({ model: 'sim-image', prompt }));
  const batch = operate('batch', user.sub, { body: { items } });
  expect('a batch is accepted whole', batch.answer.items.length === 3);
  const clip = generate({ model: 'sim-video', kind: 'video', prompt: 'waves' });
  const stopped = json(post(`/v1/generations/${clip.id}/cancel?max_kept=${clip.cost}`, '/v1/generations/{id}/cancel'));
  expect('a generation can be cancelled', stopped.status === 'cancelled' && stopped.came_back !== undefined);
  const strict = follow(generate({ model: 'sim-image-strict', prompt: 'anything' }).id);
  expect('a refused prompt fails', strict.status === 'failed' && strict.failure.class === 'permanent');
  expect('it can be retried', operate('retry', user.sub, { id: strict.id }).answer.status === 'queued');
  expect('and fails again', follow(strict.id).status === 'failed');
  eventually('the list has them all', () => get('/v1/generations?limit=100').items.length === 6);
  eventually('usage counts them', () => get('/v1/usage').items.length > 0);
  stream();
  return done.id;
}

// The feed never ends and k6 reads to the end, so an open feed shows as a time-out, and a refused one does not.
function stream() {
  const timedOut = 1050;
  const feed = call('GET', '/v1/events', { token: user.token, timeout: '1s', expect: [0] });
  expect('the feed stays open', feed.error_code === timedOut);
}

function unchanged(id) {
  const options = { token: user.token, name: '/v1/generations/{id}' };
  const { Etag } = call('GET', `/v1/generations/${id}`, options).headers;
  call('GET', `/v1/generations/${id}`, { ...options, headers: { 'If-None-Match': Etag }, expect: [304] });
}

function deadLetters() {
  const ids = ['one', 'two', 'three'].map((prompt) => generate({ model: 'sim-image-down', prompt }).id);
  for (const id of ids) expect('what keeps failing is dead', follow(id).status === 'dead');
  eventually('the dead letters are listed', () => {
    const { items, total } = admin('GET', '/admin/dlq/messages');
    return total === 3 && items.length === 3;
  });
  const page = call('GET', '/admin/dlq/messages', { headers: { Accept: 'text/html' } });
  expect('a browser gets the page', page.headers['Content-Type'].startsWith('text/html'));
  const detail = admin('GET', `/admin/dlq/messages/${ids[0]}`, '/admin/dlq/messages/{id}');
  expect('a dead letter tells its story', detail.events.length > 0);
  incidents(detail.incident);
  return ids;
}

function mending(retried, deleted, discarded) {
  admin('POST', `/admin/dlq/messages/${retried}/retry`, '/admin/dlq/messages/{id}/retry', undefined, 202);
  const gone = admin('DELETE', `/admin/dlq/messages/${deleted}`, '/admin/dlq/messages/{id}');
  expect('a deleted one is refunded', gone.status === 'discarded' && gone.refunded === '4');
  const bulk = (dry_run) =>
    admin('POST', '/admin/dlq/bulk-actions', undefined, { action: 'discard', ids: [discarded], dry_run });
  expect('a rehearsal does nothing', bulk(true).matched === 1 && follow(discarded).status === 'dead');
  expect('the action does', bulk(false).done === 1 && follow(discarded).status === 'discarded');
  bulkActions(retried);
  const cleanup = admin('POST', '/admin/dlq/cleanup', undefined, { older_than: '7d', dry_run: true });
  expect('nothing is old enough to clean up', cleanup.matched === 0);
  expect('a retried one ends again', follow(retried).status === 'dead');
}

function incidents(id) {
  expect('the three died of one thing', admin('GET', '/admin/dlq/incidents').items.some((one) => one.id === id && one.jobs === 3));
  const [at, name] = [`/admin/dlq/incidents/${id}`, '/admin/dlq/incidents/{incident}'];
  const decide = (what, revision, terms = {}) =>
    admin('POST', `${at}/${what}`, `${name}/${what}`, { reason: 'smoke', expected_revision: revision, ...terms });
  expect('it is ignored for a while', decide('ignore', 0, { more: 100 }).state === 'ignored');
  expect('it is resolved', decide('resolve', 1).state === 'resolved');
  expect('it is taken up again', decide('reopen', 2).state === 'open');
  expect('what was decided is kept', admin('GET', at, name).history.length === 3);
}

// Of a job that ends as it did before: what is looked at is the action.
function bulkActions(id) {
  follow(id);
  const order = { action: 'retry', ids: [id], reason: 'smoke', rate: 100, canary: 1 };
  const headers = { Prefer: 'respond-async' };
  let made;
  eventually('an action is ordered for what is dead again', () => {
    const answer = call('POST', '/admin/dlq/bulk-actions', { token: tokens.admin, body: order, headers, expect: [202] });
    made = json(answer);
    return made.counts.all === 1 && answer.headers.Location === `/admin/dlq/bulk-actions/${made.id}`;
  });
  const at = `/admin/dlq/bulk-actions/${made.id}`;
  const name = '/admin/dlq/bulk-actions/{id}';
  const change = (what) => call('POST', `${at}/${what}`, { token: tokens.admin, name: `${name}/${what}`, expect: [200, 409] });
  for (const what of ['pause', 'resume']) change(what);
  eventually('its job has ended', () => {
    const { state, counts } = admin('GET', at, name);
    return state === 'done' && counts.failed === 1;
  });
  problem('action_over', change('abort'));
  expect('it has one job', admin('GET', `${at}/items`, `${name}/items`).items.length === 1);
  expect('it is listed', admin('GET', '/admin/dlq/bulk-actions').items.some((action) => action.id === made.id));
}

function story(picture) {
  const name = '/admin/generations/{id}';
  const { status, outputs, customer_reads, money } = admin('GET', `/admin/generations/${picture}`, name);
  expect('its story says what its user reads', status === customer_reads.status && money.charged === customer_reads.charged);
  const file = call('GET', outputs[0].url, { token: tokens.admin, name: `${name}/outputs/{index}` });
  expect('an admin sees what was made', file.headers['Content-Type'] === 'image/png');
  const page = call('GET', `/admin/jobs/${picture}`, { headers: { Accept: 'text/html' }, name: '/admin/jobs/{id}' });
  expect('it has a page', page.headers['Content-Type'].startsWith('text/html'));
}

function accounts() {
  eventually('the account is found', () =>
    admin('GET', `/admin/accounts?search=${user.sub}`).items.some((account) => account.user === user.sub));
  admin('GET', `/admin/accounts/${user.sub}`, '/admin/accounts/{user}');
  eventually('the overview counts', () => admin('GET', '/admin/overview').generations.succeeded > 0);
}

// On an account of its own: the audit after the run knows of every operation on the others.
function orders() {
  const sub = `${user.sub}-orders`;
  const order = (path, name, body, status = 201) =>
    admin('POST', `/admin/accounts/${sub}${path}`, `/admin/accounts/{user}${name}`, body, status);
  const terms = { source: 'promo', priority: 10, expires_at: '2099-01-01T00:00:00Z' };
  const { lot } = order('/grants', '/grants', { amount: '50', reason: 'smoke', ...terms });
  const tried = order('/holds', '/holds', { amount: '7', reason: 'smoke', dry_run: true }, 200);
  expect('a dry run says what it would do', tried.held === '7');
  const [first, second] = [1, 2].map(() => order('/holds', '/holds', { amount: '7', reason: 'smoke' }).hold.id);
  expect('two holds are open', admin('GET', `/admin/accounts/${sub}/holds`, '/admin/accounts/{user}/holds').items.length === 2);
  order(`/holds/${first}/capture`, '/holds/{hold}/capture', { amount: '5' });
  order(`/holds/${second}/release`, '/holds/{hold}/release', undefined);
  const commands = [{ user: sub, grant: { amount: '10', reason: 'smoke' } }, { user: sub, adjust: { amount: '-2', reason: 'smoke' } }];
  admin('POST', '/admin/credits/batch', undefined, { commands }, 201);
  const lines = `${JSON.stringify({ user: sub, amount: '1', reason: 'smoke' })}\n`;
  const headers = { 'Idempotency-Key': 'smoke-bulk' };
  const upload = call('POST', '/admin/grants/bulk', { token: tokens.admin, body: lines, headers });
  expect('a bulk grant tells of each line', upload.body.includes('"outcome":"granted"'));
  const unknown = { job_id: '01990000-0000-7000-8000-000000000000', reason: 'smoke' };
  order('/refunds', '/refunds', unknown, 404);
  order(`/lots/${lot.id}/void`, '/lots/{lot}/void', { reason: 'smoke' });
  const { available } = admin('GET', `/admin/accounts/${sub}`, '/admin/accounts/{user}');
  expect('what was captured, taken and voided is gone', available === '11');
}

function statements() {
  const { closing } = get('/v1/credits/statement');
  expect('a statement closes with what is there', closing !== undefined);
  admin('GET', `/admin/accounts/${user.sub}/statement`, '/admin/accounts/{user}/statement');
  const options = { token: tokens.auditor };
  const lines = call('GET', `/audit/export?user=${user.sub}`, { ...options, name: '/audit/export' }).body;
  expect('an export ends with its manifest', lines.trim().split('\n').pop().startsWith('{"export"'));
}

// A block may take longer to be sealed than this run takes.
function sealed() {
  const options = { token: tokens.auditor };
  call('GET', '/audit/seals', options);
  call('GET', '/audit/seals/keys', options);
  call('GET', '/audit/seals/1', { ...options, name: '/audit/seals/{number}', expect: [200, 404] });
  call('GET', '/audit/events/1/proof', { ...options, name: '/audit/events/{position}/proof', expect: [200, 409] });
}

function auditor(picture) {
  const options = { token: tokens.auditor };
  const path = `/audit/events?user=${user.sub}&job=${picture}`;
  const { items } = json(call('GET', path, { ...options, name: '/audit/events' }));
  expect('the log tells why', items.some(({ type }) => type === 'job.succeeded'));
  const name = '/audit/accounts/{user}/verify';
  const proof = json(call('GET', `/audit/accounts/${user.sub}/verify`, { ...options, name }));
  expect('the chain verifies', proof.valid === true);
}

function books() {
  const options = { token: tokens.auditor };
  const balance = json(call('GET', '/audit/trial-balance', options));
  expect('the trial balance adds up', balance.balanced === true);
  const outstanding = json(call('GET', '/audit/outstanding', options));
  expect('what is outstanding has a source', outstanding.items.length > 0);
  call('GET', '/audit/recognised?format=csv', { ...options, name: '/audit/recognised' });
  const lines = call('GET', '/audit/verify', options).body.trim().split('\n');
  expect('the whole log verifies', JSON.parse(lines.pop()).result.valid === true);
}

function keys() {
  for (const [path, token, order] of [['/v1/keys', user.token, {}], ['/admin/keys', tokens.admin, { scope: 'user', owner: user.sub }]]) {
    const made = json(call('POST', path, { token, body: { name: 'smoke', ...order }, expect: [201] }));
    expect(`a key of ${path} works`, call('GET', '/v1/credits', { token: made.secret }).status === 200);
    expect(`it is listed by ${path}`, json(call('GET', path, { token })).items.some(({ id }) => id === made.id));
    if (token === tokens.admin) admin('GET', `${path}/${made.id}`, `${path}/{id}`);
    const reason = token === tokens.admin ? { reason: 'smoke' } : undefined;
    call('POST', `${path}/${made.id}/revoke`, { token, body: reason, name: `${path}/{id}/revoke` });
    problem('key_revoked', call('GET', '/v1/credits', { token: made.secret, expect: [401] }));
  }
}

// Nobody listens there: what is looked at is what Cooly makes of it.
function webhooks() {
  const order = { url: 'https://hooks.invalid/cooly', events: ['credits.granted'] };
  const webhook = admin('POST', '/admin/webhooks', undefined, order, 201);
  const [at, name] = [`/admin/webhooks/${webhook.id}`, '/admin/webhooks/{webhook}'];
  expect('an endpoint is listed', admin('GET', '/admin/webhooks').items.some(({ id }) => id === webhook.id));
  admin('POST', at, name, { description: 'smoke' });
  expect('it is changed', admin('GET', at, name).description === 'smoke');
  const [before, after] = ['GET', 'POST'].map((method) => admin(method, `${at}/secret`, `${name}/secret`).secret);
  expect('its secret is changed', before !== after);
  const { id } = admin('POST', `${at}/test`, `${name}/test`);
  const told = () => admin('GET', `${at}/deliveries/${id}`, `${name}/deliveries/{message}`);
  eventually('a test that nobody takes is tried', () => told().attempts > 0);
  admin('POST', `${at}/deliveries/${id}/redeliver`, `${name}/deliveries/{message}/redeliver`);
  admin('POST', `${at}/replay`, `${name}/replay`, { after: 0 });
  eventually('the log is told again', () => admin('GET', `${at}/deliveries`, `${name}/deliveries`).items.length > 1);
  admin('DELETE', at, name);
}

// As a browser does on a page of this server.
function session() {
  const page = { 'Cooly-Session': 'user', 'Sec-Fetch-Site': 'same-origin' };
  const signed = call('POST', '/session', { token: user.token, headers: page });
  expect('one signs in', json(signed).sub === user.sub && signed.cookies['__Host-cooly-user'].length === 1);
  const cookie = { ...page, Cookie: `__Host-cooly-user=${signed.cookies['__Host-cooly-user'][0].value}` };
  expect('and is known', json(call('GET', '/session', { headers: cookie })).sessions[0].sub === user.sub);
  expect('and may do what the token may', call('GET', '/v1/credits', { headers: cookie }).status === 200);
  call('DELETE', '/session', { headers: cookie, expect: [204] });
}

// What others must not see or do.
function strangers(picture) {
  const webhook = '/v1/webhooks/{provider}/{account}/{reference}';
  const forged = `/v1/webhooks/fal/${picture}/${picture}-1-2?mac=forged`;
  problem('not_found', call('POST', forged, { body: { request_id: 'x' }, name: webhook, expect: [404] }));
  const name = '/v1/generations/{id}';
  problem('not_found', call('GET', `/v1/generations/${picture}`, { token: stranger.token, name, expect: [404] }));
  problem('unauthenticated', call('GET', '/v1/credits', { expect: [401] }));
  problem('forbidden', call('GET', '/admin/overview', { token: user.token, expect: [403] }));
  const body = { model: 'sim-image', prompt: 'on credit' };
  problem('credits_insufficient', call('POST', '/v1/generations', { token: stranger.token, body, expect: [402] }));
}

function coverage() {
  const { paths } = json(call('GET', '/openapi.json'));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const missed = operations.filter((operation) => !called.has(plain(operation)));
  if (missed.length > 0) console.error(`not called: ${missed.join(', ')}`);
  expect('every operation of the document was called', operations.length > 0 && missed.length === 0);
}

// Parameters are told apart by place, not by name.
const plain = (operation) => [...called].find((name) => shape(name) === shape(operation)) || operation;
const shape = (operation) => operation.replace(/\{[^}]*\}/g, '{}');

function problem(code, answer) {
  const document = answer.headers['Content-Type'].startsWith('application/problem+json');
  expect(`${answer.status} is a problem document`, document && json(answer).code === code);
}

function generate(body) {
  const { answer } = operate('generate', user.sub, { body });
  if (!answer) fail(`${body.model} was not accepted`);
  return answer;
}

function follow(id) {
  const until = Date.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const headers = { Prefer: 'wait=5' };
    const generation = get(`/v1/generations/${id}`, { name: '/v1/generations/{id}', headers });
    if (!['queued', 'running'].includes(generation.status)) return generation;
    if (Date.now() > until) fail(`${id} is still ${generation.status}`);
    sleep(0.1);
  }
}

const get = (path, options = {}) => json(call('GET', path, { token: user.token, ...options }));
const post = (path, name) => call('POST', path, { token: user.token, name });
const admin = (method, path, name = path, body = undefined, status = 200) =>
  json(call(method, path, { token: tokens.admin, name, body, expect: [status] }));

// Lists follow the log: what they do not tell yet is asked again for a while.
function eventually(what, probe) {
  const until = Date.now() + PATIENCE_SECONDS * 1000;
  let holds = probe();
  while (!holds && Date.now() < until) {
    sleep(0.05);
    holds = probe();
  }
  expect(what, holds);
}

const expect = (what, holds) => check(null, { [what]: () => holds });

export function handleSummary(data) {
  return summarize('smoke', 'smoke: every endpoint once', data, [['all requests', 'http_req_duration']]);
}
