// Orders an action on many failed jobs that goes on by itself: asks why and how fast, with what it would be about.

import { el, find } from './dom.js';
import { credits, duration, plural, spaced } from './words.js';

const SHOWN_GROUPS = 4;

/// Asks about an action on the jobs that the server counted. Resolves to `{ reason, rate, canary, pause_above_percent }`, or
/// to null if it is not wanted.
export function askForOrder({ title, isDelete, matched, plan }) {
  const dialog = find('#order');
  const form = find('#order-form');
  const many = plural(matched, 'job');
  const people = plural(plan.people, 'person', 'people');
  find('#order-title').textContent = `${title} ${many}?`;
  find('#order-sum').textContent = isDelete
    ? `${credits(plan.credits)} go back to ${people}. Deleted jobs cannot be retried.`
    : `${credits(plan.credits)} of ${people} are paid or held for them and stay so. Running them again costs the users nothing.`;
  find('#order-groups').replaceChildren(...groupsOf(plan.groups));
  const go = find('#order-go');
  go.textContent = `${title} ${many}`;
  go.className = `button ${isDelete ? 'danger' : 'primary'}`;
  form.elements.reason.value = '';
  const tell = () => { find('#order-pace').textContent = paceOf(form, matched, isDelete); };
  tell();
  form.oninput = tell;
  find('#order-cancel').onclick = () => dialog.close('cancel');
  dialog.returnValue = 'cancel';
  dialog.showModal();
  form.elements.reason.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'go' ? orderOf(form) : null), { once: true });
  });
}

function groupsOf(groups) {
  const items = groups.slice(0, SHOWN_GROUPS).map(({ code, model, count }) =>
    el('li', {}, `${plural(count, 'job')} on ${model}: ${spaced(code)}`));
  const rest = groups.length - SHOWN_GROUPS;
  return rest > 0 ? [...items, el('li', {}, `and ${plural(rest, 'other cause')}`)] : items;
}

function paceOf(form, matched, isDelete) {
  const { rate, canary } = orderOf(form);
  if (!form.checkValidity()) return '';
  const first = Math.min(canary, matched);
  const watched = first && !isDelete ? `After the first ${plural(first, 'job')} it waits for their ends. ` : '';
  return `${watched}At this rate the jobs take about ${duration(Math.ceil(matched / rate) * 1000)}. You can pause or stop it at any time.`;
}

function orderOf({ elements }) {
  return {
    reason: elements.reason.value.trim(),
    rate: elements.rate.valueAsNumber,
    canary: elements.canary.valueAsNumber,
    pause_above_percent: elements.percent.valueAsNumber,
  };
}
