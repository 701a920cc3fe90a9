// Files that a page saved, read as their reader would.

import { readFile } from 'node:fs/promises';

/// Presses `button` and waits for what is saved: its name and its text.
export async function saved(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

/// The items of NDJSON, and what its last line tells of them.
export function lines(text) {
  const all = text.trimEnd().split('\n').map((line) => JSON.parse(line));
  const { export: told } = all.pop();
  return { items: all, told };
}

/// The rows of CSV (RFC 4180), each as an object by the names of the columns.
export function rows(text) {
  const [head, ...records] = recordsOf(text);
  return records.map((cells) => Object.fromEntries(head.map((name, place) => [name, cells[place]])));
}

function recordsOf(text) {
  const records = [];
  let cells = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    records.push(cells);
    cells = [];
  }
  return records;
}

/// What a cell must say of an item: what JSON says, and a quote before what a spreadsheet would run.
export function cell(item, column) {
  const value = column.split('.').reduce((inner, name) => inner?.[name], item);
  if (value === undefined || value === null) return '';
  const shown = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const isFree = ['prompt', 'reason', 'message'].some((name) => column.endsWith(name));
  return isFree && /^\s*[=+\-@]/.test(shown) ? `'${shown}` : shown;
}
