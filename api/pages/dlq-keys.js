// The keys of the page: from job to job, choose, retry, search, and what the keys are.

import { find } from './dom.js';

/// `acts` are `toggle(id)` and `retry(id)`, called with the job that the focus is on.
export function listenToKeys(acts) {
  addEventListener('keydown', (event) => {
    const isTyping = event.target.matches('input:not([type="checkbox"]), select, textarea') || document.querySelector('dialog[open]');
    // A key that is held down goes on from job to job, and does nothing else to them.
    if (event.repeat && !['j', 'k'].includes(event.key)) return;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest?.('#rows tr');
    const does = {
      '/': () => find('#q').focus(),
      '?': () => find('#keys').showModal(),
      j: () => go(row?.nextElementSibling ?? (row ? null : find('#rows tr'))),
      k: () => go(row?.previousElementSibling),
      x: () => row && acts.toggle(row.dataset.id),
      r: () => row && acts.retry(row.dataset.id),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
}

function go(row) {
  if (row) find('.prompt', row).focus();
}
