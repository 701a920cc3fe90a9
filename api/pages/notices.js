// Short notices in a corner, read out by screen readers, and the dialogs that ask before something is done.

import { button, el, find, iconButton } from './dom.js';

const SHOWN = 7000;

/// Shows a notice for some seconds; problems stay until they are closed.
export function notice(text, { bad = false } = {}) {
  const place = find('#notices');
  const toast = el('div', { className: `notice${bad ? ' bad' : ''}`, attrs: { role: bad ? 'alert' : 'status' } });
  const close = iconButton('Dismiss', 'close', { on: { click: () => toast.remove() } });
  toast.append(el('p', {}, text), close);
  place.append(toast);
  // Shown anew, it lies above any dialog that was opened since.
  if (place.matches(':popover-open')) place.hidePopover();
  place.showPopover();
  while (place.children.length > 4) place.firstElementChild.remove();
  if (!bad) setTimeout(() => toast.remove(), SHOWN);
}

/// Asks with a title, lines of text and the words of the button that does it. Resolves to whether it was pressed.
export function confirm({ title, lines, action, danger = false }) {
  const dialog = el('dialog', { className: 'dialog', attrs: { 'aria-labelledby': 'confirm-title' } });
  const cancel = button('Cancel', { value: 'cancel', type: 'submit', className: 'quiet' });
  const go = button(action, { value: 'go', type: 'submit', className: danger ? 'danger' : 'primary' });
  dialog.append(
    el('form', { method: 'dialog' },
      el('h2', { id: 'confirm-title' }, title),
      lines.map((line) => (line instanceof Node ? line : el('p', {}, line))),
      el('div', { className: 'dialog-actions' }, cancel, go)),
  );
  document.body.append(dialog);
  dialog.returnValue = 'cancel';
  dialog.showModal();
  (danger ? cancel : go).focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'go');
    });
  });
}

/// Closes a dialog when its backdrop is clicked.
export function closeOnBackdrop(dialog) {
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
}

/// Runs a click's work once at a time, with the button saying so.
export async function busy(element, work) {
  if (element.getAttribute('aria-busy') === 'true') return undefined;
  element.setAttribute('aria-busy', 'true');
  try {
    return await work();
  } finally {
    element.removeAttribute('aria-busy');
  }
}
