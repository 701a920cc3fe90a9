// Saves what the API answers as a file. A transfer that breaks off is a failure and never a file.

import { el } from './dom.js';
import { busy, notice } from './notices.js';
import { sentence } from './words.js';

/// Fetches `path` and saves it under `name`, or under that which the answer proposes, with the button saying so meanwhile.
export function save(client, path, name, pressed) {
  return busy(pressed, async () => {
    try {
      const response = await client.stream(path, {});
      offer(await response.blob(), name ?? proposed(response));
    } catch (problem) {
      notice(`This cannot be saved. ${sentence(problem.message)}`, { bad: true });
    }
  });
}

const proposed = ({ headers }) => /filename="([^"]+)"/.exec(headers.get('Content-Disposition') ?? '')?.[1] ?? 'cooly';

function offer(blob, name) {
  const url = URL.createObjectURL(blob);
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
