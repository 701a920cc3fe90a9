// One endpoint: where it is, how it does, and its buttons.

import { button, el } from './dom.js';
import { busy, confirm, notice } from './notices.js';
import { replay, rotate } from './webhooks-make.js';
import { showTold } from './webhooks-told.js';
import { ago, duration, named, plural, sentence } from './words.js';

const WHY = {
  asked: 'An admin disabled it.',
  gone: 'It answered that it is gone (410).',
  failing: 'It took nothing for five days.',
};

/// `changed()` is called after something was done to it.
export function card(client, endpoint, changed) {
  const path = `/admin/webhooks/${endpoint.id}`;
  const act = (label, name, work, props = {}) => {
    const pressed = async ({ currentTarget }) => {
      await busy(currentTarget, work).catch((problem) => notice(sentence(problem.message), { bad: true }));
      changed();
    };
    return button(label, { className: `small ${props.className ?? ''}`, data: { endpoint: endpoint.id, act: name }, on: { click: pressed } });
  };
  const order = (body) => client.post(path, body);
  return el('article', { className: 'endpoint panel', data: { endpoint: endpoint.id }, attrs: { 'aria-labelledby': `endpoint-${endpoint.id}` } },
    el('div', { className: 'endpoint-head' }, el('h2', { id: `endpoint-${endpoint.id}` }, endpoint.url), chip(endpoint)),
    endpoint.description && el('p', {}, endpoint.description),
    el('p', { className: 'hint' }, about(endpoint)),
    state(endpoint).map((words) => el('p', { className: 'hint' }, words)),
    el('div', { className: 'endpoint-acts' },
      act('What it was told', 'told', () => showTold(client, endpoint)),
      !endpoint.disabled && act('Send a test', 'test', async () => {
        await client.post(`${path}/test`);
        notice('A test is on its way. What was answered is in what it was told.');
      }),
      !endpoint.disabled && !endpoint.replay && act('Tell it again…', 'replay', () => replay(client, endpoint)),
      endpoint.disabled
        ? act('Enable…', 'enable', () => enable(client, endpoint, order))
        : act('Disable', 'disable', () => order({ enabled: false })),
      act('New secret…', 'secret', () => rotate(client, endpoint)),
      act('Take away…', 'delete', () => takeAway(client, endpoint), { className: 'danger' })));
}

/// From here on it is told; and, if that is wanted, what it has missed. Where that begins is known only now.
async function enable(client, { id, disabled }, order) {
  await order({ enabled: true });
  notice('It is enabled: what happens from now on is told.');
  await replay(client, { id, after: disabled.position });
}

function chip({ disabled, failing_since: failing, replay: again }) {
  const [words, tone] = disabled ? ['Disabled', 'bad'] : failing ? ['Failing', 'warn'] : again ? ['Being told again', 'busy'] : ['Well', 'good'];
  return el('span', { className: `chip ${tone}` }, words);
}

function about({ events, user, created_at: made, created_by: by }) {
  return `${user === null ? 'All users' : `Only ${named(user)}`} · ${events.join(', ')} · made ${ago(made)} by ${named(by)}`;
}

function state({ disabled, failing_since: failing, retry_at: retry, replay: again }) {
  const rests = retry ? Date.parse(retry) - Date.now() : 0;
  return [
    disabled && `${WHY[disabled.reason]} What happens after position ${disabled.position} is not told; when you enable it, you can have it told from there.`,
    !disabled && failing && `Every attempt has failed since ${ago(failing)}.${rests > 0 ? ` It is left alone for ${duration(rests)}.` : ''}`,
    again && `It is being told again what comes after position ${again.after}, up to ${again.until}: ${plural(again.until - again.after, 'position')} to go.`,
  ].filter(Boolean);
}

async function takeAway(client, { id, url }) {
  const lines = [`Nothing more is sent to ${url}, and what it was told is deleted. This cannot be taken back.`];
  if (!(await confirm({ title: 'Take the endpoint away?', lines, action: 'Take away', danger: true }))) return;
  await client.delete(`/admin/webhooks/${id}`);
  notice('The endpoint is gone.');
}
