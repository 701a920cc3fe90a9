// Signs in: with the token of this tab, else a demo token where the server gives one out, else one that is pasted.

import { devToken } from './client.js';
import { el, find } from './dom.js';
import { named } from './words.js';

const ENDED = 'Your session has ended. Paste a new token to go on; nothing on the page is lost.';

/// Resolves when `client` holds a token that `check` (one harmless call) accepted; does so again whenever the token
/// stops being accepted, and then calls `resume`.
export async function signIn(client, check, resume = () => {}, why = '') {
  client.onUnauthenticated = () => {};
  await findToken(client, check, why);
  client.onUnauthenticated = () => signIn(client, check, resume, ENDED).then(resume);
}

async function findToken(client, check, why) {
  const offers = [async () => client.token, async () => devToken(client.role)];
  for (const offer of offers) {
    const token = await offer().catch(() => null);
    if (token && (await accepted(client, token, check)) === null) return welcome(client);
  }
  await pasted(client, check, why);
  return welcome(client);
}

/// The problem with a token, or null. No answer at all is no fault of the token: the page will try again.
async function accepted(client, token, check) {
  client.token = token;
  try {
    await check();
    return null;
  } catch (problem) {
    if (![401, 403].includes(problem.status)) return null;
    client.token = null;
    return problem;
  }
}

function welcome(client) {
  const place = find('#caller');
  place.replaceChildren('Signed in as ', el('strong', {}, named(client.caller || client.role)));
  place.hidden = false;
  find('#sign-in').hidden = true;
  find('main').hidden = false;
  // What went wrong for want of a token is over.
  for (const problem of document.querySelectorAll('main .problem')) problem.textContent = '';
  find('#notices').replaceChildren();
}

function pasted(client, check, why) {
  const form = find('#sign-in');
  const field = find('#token');
  const alert = find('#sign-in-problem');
  alert.textContent = why;
  form.hidden = false;
  find('main').hidden = true;
  field.focus();
  return new Promise((resolve) => {
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const problem = await accepted(client, field.value.trim(), check);
      alert.textContent = problem ? refusal(client, problem) : '';
      if (problem) return field.select();
      field.value = '';
      resolve();
    });
  });
}

function refusal(client, problem) {
  if (problem.status === 403) return `This token is valid but has another role. This page needs the role “${client.role}”.`;
  return 'The server does not accept this token. Check that it was copied whole and has not expired.';
}
