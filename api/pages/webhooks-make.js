// The dialogs that make an endpoint, exchange its secret, and have it told again.

import { el, find } from './dom.js';
import { closeOnBackdrop, confirm, notice } from './notices.js';
import { sentence } from './words.js';

/// What an endpoint can be told, in words.
const EVENTS = [
  ['generation.succeeded', 'A generation was made'],
  ['generation.failed', 'A generation failed'],
  ['generation.cancelled', 'A generation was cancelled'],
  ['generation.dead', 'A generation used up its attempts'],
  ['generation.discarded', 'Such a generation was given up'],
  ['credits.granted', 'Credits were given'],
  ['credits.refunded', 'Credits came back'],
  ['credits.low', 'Few credits are left'],
  ['credits.expiring', 'Credits will be gone soon'],
];

/// Asks for an endpoint until one is made or the wish is given up.
export async function makeEndpoint(client, changed) {
  const form = find('#making-form');
  form.reset();
  find('#making-events').replaceChildren(...EVENTS.map(([event, words]) => el('label', { title: event }, el('input', { type: 'checkbox', name: 'events', value: event }), words)));
  await asked(find('#making'), form, find('#making-cancel'), find('#making-problem'), async () => {
    const given = new FormData(form);
    const text = (name) => given.get(name).trim() || undefined;
    const body = { url: text('url'), events: given.getAll('events'), user: text('user'), description: text('description') };
    if (!body.events.length) throw new Error('choose at least one thing that it is told');
    const made = await client.post('/admin/webhooks', body, { once: true });
    changed();
    return () => showSecret(made.secret, 'Press “Send a test” to see whether it answers.');
  });
}

/// Gives an endpoint another secret, and shows it.
export async function rotate(client, { id, url }) {
  const lines = [`${url} gets another secret. For 24 hours messages are signed with both; within that time the receiver must have the new one.`];
  if (!(await confirm({ title: 'Exchange the secret?', lines, action: 'Exchange it' }))) return;
  const { secret, previous_until: until } = await client.post(`/admin/webhooks/${id}/secret`);
  await showSecret(secret, until ? `The one before it signs too, until ${new Date(until).toLocaleString()}.` : '');
}

/// Has an endpoint told again what comes after a position: `after`, unless another is written there.
export async function replay(client, { id, after }) {
  const form = find('#replaying-form');
  form.reset();
  find('#replaying-after').value = String(after);
  await asked(find('#replaying'), form, find('#replaying-cancel'), find('#replaying-problem'), async () => {
    const body = { after: Number(find('#replaying-after').value), with_delivered: find('#replaying-delivered').checked };
    const { replay: ordered } = await client.post(`/admin/webhooks/${id}/replay`, body);
    notice(ordered ? `It is told again what comes after position ${ordered.after}.` : 'It was told again.');
  });
}

/// Shows a dialog until what it asks for is done, or it is closed; what is wrong is said in it. `done()` may give something to do after.
function asked(dialog, form, cancel, problem, work) {
  problem.textContent = '';
  const submit = async (event) => {
    event.preventDefault();
    const go = form.querySelector('[value="go"]');
    go.disabled = true;
    try {
      const then = await work();
      dialog.close();
      await then?.();
    } catch (wrong) {
      problem.textContent = sentence(wrong.message);
    } finally {
      go.disabled = false;
    }
  };
  const end = () => dialog.close();
  form.addEventListener('submit', submit);
  cancel.addEventListener('click', end);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      form.removeEventListener('submit', submit);
      cancel.removeEventListener('click', end);
      resolve();
    }, { once: true });
  });
}

/// Shows a secret until its reader has it. It is nowhere on the page afterwards.
function showSecret(secret, hint) {
  const dialog = find('#made');
  const copy = find('#copy-secret');
  const copied = async () => {
    await navigator.clipboard.writeText(secret).then(() => notice('Copied.'), () => notice('It cannot be copied here. Select it instead.', { bad: true }));
  };
  find('#secret').textContent = secret;
  find('#made-hint').textContent = hint;
  copy.addEventListener('click', copied);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      copy.removeEventListener('click', copied);
      find('#secret').textContent = '';
      resolve();
    }, { once: true });
  });
}

for (const dialog of ['#making', '#replaying']) closeOnBackdrop(find(dialog));
