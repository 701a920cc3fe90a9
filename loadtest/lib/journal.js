// The client's own books: one JSON line before each operation that moves credits and one after each answer.
// k6 writes them to a file (--console-output), so they survive whatever happens to the server or to k6, and
// audit.js holds the server to them. They hold no tokens.

const write = (entry) => console.log(JSON.stringify(entry));

// About to be sent. `request` is enough to send it again.
export const intent = (key, user, kind, request) => write({ at: 'intent', key, user, kind, request });

// Answered 2xx: `effect` is what the server said that it did.
export const done = (key, effect) => write({ at: 'done', key, effect });

// Answered 4xx: nothing happened.
export const refused = (key, status, code) => write({ at: 'refused', key, status, code });

// No answer, or one that leaves it open whether it happened.
export const unknown = (key, status) => write({ at: 'unknown', key, status });

// The operations of each user, in order: `{ user: [{ key, kind, request, outcome, effect }] }`, where outcome
// is done, refused or open.
export function read(text) {
  const operations = new Map();
  for (const line of text.split('\n').filter((line) => line.startsWith('{'))) {
    const entry = JSON.parse(line);
    if (entry.at === 'intent') {
      const { key, user, kind, request } = entry;
      operations.set(key, { key, user, kind, request, outcome: 'open', effect: null });
    } else if (entry.at === 'done') {
      Object.assign(operations.get(entry.key), { outcome: 'done', effect: entry.effect });
    } else if (entry.at === 'refused') {
      operations.get(entry.key).outcome = 'refused';
    }
  }
  const books = {};
  for (const operation of operations.values()) (books[operation.user] ||= []).push(operation);
  return books;
}
