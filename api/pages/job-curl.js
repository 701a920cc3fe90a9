// Requests as commands that a person can run. They hold no token: it is taken from the environment.

const QUOTE = "'";

/// A text as one word of a POSIX shell, whatever is in it.
export const quoted = (text) => `${QUOTE}${text.replaceAll(QUOTE, `${QUOTE}\\${QUOTE}${QUOTE}`)}${QUOTE}`;

/// The purchase of a job, once more. `$TOKEN` is one of its user.
export function purchase({ kind, model, prompt, count, params }, origin) {
  const body = JSON.stringify({ model, kind, prompt, count, ...(Object.keys(params).length && { params }) });
  return [
    `curl -sS -X POST ${quoted(`${origin}/v1/generations`)}`,
    '-H "Authorization: Bearer $TOKEN"',
    `-H ${quoted('Content-Type: application/json')}`,
    `--data-raw ${quoted(body)}`,
  ].join(' \\\n  ');
}

/// The proof of an event. `$AUDITOR` is the token of an auditor.
export const proof = (path, origin) => `curl -sS ${quoted(origin + path)} -H "Authorization: Bearer $AUDITOR"`;
