// One request, counted. Every request names its route template, so that figures are by route and not by id,
// and says which statuses it expects: any other answer, or none, is an error of the run.

import http from 'k6/http';
import { sleep } from 'k6';
import { Rate } from 'k6/metrics';
import { url } from './settings.js';

export const errors = new Rate('errors');

// The routes that this virtual user called, as `METHOD /template`.
export const called = new Set();

export function call(method, path, options = {}) {
  const { token, body, headers = {}, name = path, expect = [200], timeout = '40s' } = options;
  const sent = { ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  // A text is sent as it is: a list of lines.
  const lines = typeof body === 'string';
  if (body !== undefined) sent['Content-Type'] = lines ? 'application/x-ndjson' : 'application/json';
  const payload = body === undefined ? null : lines ? body : JSON.stringify(body);
  const tags = { name: `${method} ${name}` };
  const answer = http.request(method, url + path, payload, { headers: sent, tags, timeout });
  called.add(`${method} ${name.split('?')[0]}`);
  const expected = expect.includes(answer.status);
  errors.add(!expected);
  if (!expected) {
    const got = answer.status === 0 ? answer.error : `${answer.status} ${answer.body}`;
    console.warn(`${method} ${path}: expected ${expect.join(' or ')}, got ${got}`);
  }
  return answer;
}

// The body as JSON, or an empty object: the status was judged by `call` already.
export function json(answer) {
  try {
    return answer.json() || {};
  } catch {
    return {};
  }
}

// Every item of a list, page by page.
export function* pages(path, options) {
  let cursor = null;
  do {
    const more = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = call('GET', `${path}${more}`, options);
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
    const page = json(answer);
    yield* page.items;
    cursor = page.next_cursor || null;
  } while (cursor !== null);
}

export function waitUntilReady() {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (http.get(`${url}/health/ready`).status === 200) return;
    sleep(0.1);
  }
  throw new Error(`${url}/health/ready did not answer 200 within a minute`);
}
