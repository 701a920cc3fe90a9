// Pictures and clips: fetched with the token when they come into sight, shown as blob URLs.

import { el } from './dom.js';

const loads = new Map();
let client = null;

// What could not be fetched while there was no network is fetched once there is one again.
addEventListener('online', again);

const sight = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    sight.unobserve(target);
    show(target);
  }
}, { rootMargin: '300px' });

/// Whose token to fetch with.
export function fetchWith(theClient) {
  client = theClient;
}

/// The blob URL of an output; each is fetched once.
export function load(url) {
  if (!loads.has(url)) {
    const loading = client.blob(url).then((blob) => URL.createObjectURL(blob));
    loading.catch(() => loads.delete(url));
    loads.set(url, loading);
  }
  return loads.get(url);
}

/// An element that fills with the output. `eager` does not wait until it is in sight.
export function media(output, words, { eager = false } = {}) {
  const isClip = output.content_type.startsWith('video/');
  const element = isClip
    ? el('video', { loop: true, muted: true, autoplay: true, playsInline: true, attrs: { 'aria-label': words } })
    : el('img', { alt: words, decoding: 'async' });
  element.width = output.width;
  element.height = output.height;
  element.classList.add('media');
  element.dataset.url = output.url;
  if (eager) show(element);
  else sight.observe(element);
  return element;
}

/// Frees the memory of an output that is not shown any more.
export function forget(url) {
  loads.get(url)?.then((blob) => URL.revokeObjectURL(blob), () => {});
  loads.delete(url);
}

/// Saves an output under a name made of its prompt.
export async function download(output, prompt) {
  const link = el('a', { href: await load(output.url), download: fileName(output, prompt) });
  link.click();
}

/// Fetches every picture of the page again that could not be had.
export function again() {
  for (const element of document.querySelectorAll('.media.missing')) show(element);
}

async function show(element) {
  try {
    element.src = await load(element.dataset.url);
    element.classList.remove('missing');
    element.classList.add('ready');
  } catch {
    element.classList.add('missing');
    element.dispatchEvent(new CustomEvent('missing'));
  }
}

function fileName({ index, content_type: type }, prompt) {
  const words = prompt.toLowerCase().match(/[\p{Letter}\p{Number}]+/gu) ?? ['cooly'];
  const ending = { 'image/jpeg': 'jpg', 'image/apng': 'png' }[type] ?? type.split('/')[1].replace(/\W.*$/, '');
  return `${words.slice(0, 8).join('-').slice(0, 60)}-${index + 1}.${ending}`;
}
