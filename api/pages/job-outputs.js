// What was made, or a word about why there is nothing yet.

import { button, el, find } from './dom.js';
import { keyed } from './job-parts.js';
import { download, media } from './studio-pictures.js';
import { excerpt } from './words.js';

const EMPTY = {
  queued: 'It is not made yet.', running: 'It is being made.', succeeded: 'Nothing is recorded.',
};

let isKnown = false;

/// What was made already stands first. What is made while the job is followed comes below the rest, where nothing has to move.
export function showOutputs({ status, outputs, prompt }) {
  const place = find('#outputs');
  if (!isKnown) place.closest('section').classList.toggle('first', outputs.length > 0);
  isKnown = true;
  const items = outputs.length ? outputs : [{ index: 'none', empty: EMPTY[status] ?? 'Nothing was made.' }];
  keyed(place, items, ({ index }) => index, (item) => (item.empty ? blank(item.empty) : frame(item, prompt)));
}

const blank = (words) => el('p', { className: 'frame blank-frame hint' }, words);

function frame(output, prompt) {
  const words = excerpt(prompt, 160);
  const shown = media(output, words);
  const figure = el('figure', { className: 'frame' }, shown, el('figcaption', { className: 'hint' },
    `${size(output)} `, button('Save', { icon: 'down', className: 'small quiet', attrs: { 'aria-label': `Save output ${output.index + 1}` }, on: { click: () => download(output, prompt) } })));
  shown.addEventListener('missing', () => shown.replaceWith(el('p', { className: 'hint' }, 'It cannot be shown: it is kept no longer, or cannot be read now.')));
  return figure;
}

function size({ content_type: type, width, height, bytes, duration_milliseconds: length }) {
  const parts = [type.split('/')[1].toUpperCase(), width ? `${width} × ${height}` : null, length ? `${(length / 1000).toFixed(1)} s` : null, kilobytes(bytes)];
  return parts.filter(Boolean).join(' · ');
}

const kilobytes = (bytes) => (bytes < 1024 ? `${bytes} B` : `${Math.round(bytes / 1024).toLocaleString('en')} KiB`);
