// Revoking a key: asked about by its name, since it cannot be taken back.

import { el } from './dom.js';
import { whom } from './keys-list.js';
import { confirm, notice } from './notices.js';
import { ago, named, sentence } from './words.js';

/// Resolves to the key as it is afterwards, or to null if it was left alone.
export async function revoke(client, listed) {
  // When it was last used is what one decides by, and the list may be old.
  const key = await client.get(`/admin/keys/${listed.id}`).catch(() => listed);
  const name = named(key.name);
  const reason = el('input', { id: 'revoke-reason', maxLength: 500, autocomplete: 'off', placeholder: 'It was found in a repository' });
  const isSure = await confirm({
    title: `Revoke “${name}”?`,
    lines: [
      `${key.hint} acts ${whom(key)}; it was ${key.last_used_at ? `last used ${ago(key.last_used_at)}` : 'never used'}.`,
      'Every server refuses it from then on. This cannot be taken back.',
      el('div', {}, el('label', { htmlFor: 'revoke-reason' }, 'Why (optional)'), reason),
    ],
    action: 'Revoke the key',
    danger: true,
  });
  if (!isSure) return null;
  try {
    const why = reason.value.trim();
    const after = await client.post(`/admin/keys/${key.id}/revoke`, why ? { reason: why } : {});
    notice(`“${name}” is revoked.`);
    return after;
  } catch (problem) {
    notice(`“${name}” was not revoked. ${sentence(problem.message)}`, { bad: true });
    return null;
  }
}
