// Signs in and out: with a token of this tab, else the session that this browser keeps, else a demo token where the server gives one
// out, else one that is pasted. A token is exchanged for a session, which no script can read and all tabs share.

import { devToken } from './client.js';
import { button, el, find } from './dom.js';
import { busy, notice } from './notices.js';
import { named } from './words.js';

const ENDED = 'Your session has ended. Paste a new token to go on; nothing on the page is lost.';
const LEFT = 'You are signed out. The token itself stays valid until it ends.';
const AWAY = 'The server does not answer, so it is not known whether you are signed in. Reload the page when it is back.';
const WARNED_BEFORE = 5 * 60_000;
const LONGEST_TIMER = 2 ** 31 - 1;

/// What a server of the last release knows: no sessions, and perhaps demo tokens.
const OLDER = { sessions: [], hands_out_tokens: true };

let warning;

/// Resolves when `client` is signed in and `check` (one harmless call) was allowed; does so again whenever the session
/// stops being accepted, and then calls `resume`. A page shows one person all its life: should it be another now, it is loaded anew.
export async function signIn(client, check, resume = () => {}, why = '') {
  client.onUnauthenticated = () => {};
  const isIn = why !== LEFT && (await known(client, check));
  const here = await whoIsHere(client);
  if (!isIn) await pasted(client, check, why || (here ? '' : AWAY));
  client.shown ??= client.caller;
  if (client.shown !== client.caller) return anew();
  const again = (words) => signIn(client, check, resume, words).then(resume);
  welcome(client, () => leave(client, () => again(LEFT)));
  showPages(client, isIn ? here : await whoIsHere(client));
  client.onUnauthenticated = () => again(ENDED);
}

/// Signs `client` in if that needs nobody; whether it could.
export async function signInUnasked(client) {
  return known(client, () => {});
}

/// Who is signed in here; null if the server does not answer.
async function whoIsHere(client) {
  return client.here().catch((problem) => (problem.status === 404 ? OLDER : null));
}

async function known(client, check) {
  if (client.token && (await refused(client, check)) === null) return true;
  const here = await whoIsHere(client);
  client.session = here?.sessions.find(({ role }) => role === client.role) ?? null;
  if (client.session && (await refused(client, check)) === null) return true;
  const token = here?.hands_out_tokens ? await devToken(client.role).catch(() => null) : null;
  return token !== null && (await exchanged(client, token, check)) === null;
}

/// The problem with who is signed in now, or null. No answer at all is nobody's fault: the page will try again.
async function refused(client, check) {
  try {
    await check();
    return null;
  } catch (problem) {
    if (![401, 403].includes(problem.status)) return null;
    client.leave();
    return problem;
  }
}

/// The problem with a token, or null: then the client is signed in with it.
async function exchanged(client, token, check) {
  client.leave();
  try {
    const session = await client.exchange(token);
    const { sessions } = await client.here();
    // A browser that keeps no cookie here, such as for want of HTTPS, leaves the token to this tab.
    if (sessions.some(({ role, sub }) => role === client.role && sub === session.sub)) client.session = session;
    else client.token = token;
  } catch (problem) {
    // Too long for a cookie, or a server of the last release.
    if (problem.code !== 'token_too_long' && problem.status !== 404) return problem;
    client.token = token;
  }
  return refused(client, check);
}

/// Signs out, and then does what comes `next`. Whoever may still be signed in here is told so.
async function leave(client, next) {
  const now = (await whoIsHere(client))?.sessions.find(({ role }) => role === client.role);
  // Somebody else has signed in since, in another tab, and stays so.
  if (client.session && now && now.sub !== client.session.sub) return anew();
  try {
    await client.delete('/session', { headers: { 'Cooly-Session': client.role } });
  } catch (problem) {
    const isMoot = !client.session && [403, 404].includes(problem.status);
    if (!isMoot) return notice(`You are still signed in here. ${problem.message}`, { bad: true });
  }
  client.leave();
  return next();
}

/// Loads the page for whoever it is now. What the one before saw and wrote goes with the page, and so do filters in its address.
function anew() {
  find('main').hidden = true;
  location.replace(location.pathname);
  return new Promise(() => {});
}

function welcome(client, out) {
  const place = find('#caller');
  const ends = client.expiresAt;
  const words = el('span', ends ? { title: `until ${ends.toLocaleString()}` } : {}, 'Signed in as ', el('strong', {}, named(client.caller || client.role)));
  const leaving = button('Sign out', { className: 'small quiet', on: { click: (event) => busy(event.currentTarget, out) } });
  place.replaceChildren(words, ' ', leaving);
  place.hidden = false;
  find('#sign-in').hidden = true;
  find('main').hidden = false;
  // What went wrong for want of a token is over.
  for (const problem of document.querySelectorAll('main .problem')) problem.textContent = '';
  find('#notices').replaceChildren();
  warnBefore(ends);
}

function warnBefore(ends) {
  clearTimeout(warning);
  const left = ends - Date.now();
  if (!ends || left < 0 || left > LONGEST_TIMER) return;
  const time = ends.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const warn = () => notice(`Your session ends at ${time}. Then you will be asked for a new token, and nothing on the page is lost.`);
  warning = setTimeout(warn, Math.max(0, left - WARNED_BEFORE));
}

/// Shows the way to the pages of those who are signed in; where tokens are handed out, to all.
function showPages(client, here) {
  const roles = new Set([client.role, ...(here?.sessions ?? []).map(({ role }) => role)]);
  for (const link of document.querySelectorAll('.bar [data-role]')) link.hidden = !here?.hands_out_tokens && !roles.has(link.dataset.role);
}

function pasted(client, check, why) {
  const form = find('#sign-in');
  const field = find('#token');
  const alert = find('#sign-in-problem');
  clearTimeout(warning);
  alert.textContent = why;
  form.hidden = false;
  find('main').hidden = true;
  find('#caller').hidden = true;
  closeDialogs(() => field.focus());
  field.focus();
  const done = new AbortController();
  return new Promise((resolve) => {
    const entered = async (event) => {
      event.preventDefault();
      const problem = await exchanged(client, field.value.trim(), check);
      alert.textContent = problem ? refusal(client, problem) : '';
      if (problem) return field.select();
      field.value = '';
      done.abort();
      resolve();
    };
    form.addEventListener('submit', (event) => entered(event), { signal: done.signal });
  });
}

/// Nothing may lie over the form, but for what is shown once only: it is read first, and then comes the form.
function closeDialogs(next) {
  for (const dialog of document.querySelectorAll('dialog[open]')) {
    if (dialog.dataset.once === undefined) dialog.close();
    else dialog.addEventListener('close', next, { once: true });
  }
}

function refusal(client, problem) {
  if (problem.status === 403) return `This token is valid but has another role. This page needs the role “${client.role}”.`;
  if (problem.status === 401) return 'The server does not accept this token. Check that it was copied whole and has not expired.';
  return problem.message;
}
