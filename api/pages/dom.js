// Makes elements. The only way in these pages: text becomes text nodes, and HTML is never built from strings.

const SVG = 'http://www.w3.org/2000/svg';

// Outlines on a 24 × 24 grid.
const ICONS = {
  again: 'M4 12a8 8 0 0 1 13.7-5.6L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.7 5.6L4 15.5M4 20v-4.5h4.5',
  alert: 'M12 8.5v4.5M12 16.5h.01M10.3 4.3 2.9 17.2A2 2 0 0 0 4.6 20h14.8a2 2 0 0 0 1.7-2.8L13.7 4.3a2 2 0 0 0-3.4 0Z',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  close: 'M6 6l12 12M18 6 6 18',
  coin: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM14.8 9.3A3.6 3.6 0 1 0 14.8 14.7',
  down: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  up: 'M12 20V5M6 11l6-6 6 6',
  left: 'm14.5 5-7 7 7 7',
  right: 'm9.5 5 7 7-7 7',
  spark: 'M12 3.5c.9 4.9 3.1 7.1 8 8-4.9.9-7.1 3.1-8 8-.9-4.9-3.1-7.1-8-8 4.9-.9 7.1-3.1 8-8Z',
  stop: 'M7 7h10v10H7z',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.3 11v5M13.7 11v5',
  copy: 'M9 9h10.5v10.5H9zM5.5 15H4.5V4.5H15v1',
};

/// An element. `props` are properties (`className`, `type`, `hidden` …), except for `on` (listeners), `data` (data
/// attributes) and `attrs` (attributes); children are nodes or text, and null or false is left out.
export function el(tag, props = {}, ...children) {
  const { on = {}, data = {}, attrs = {}, ...rest } = props;
  const element = document.createElement(tag);
  Object.assign(element, rest);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  element.append(...present(children));
  return element;
}

/// An SVG element.
export function svg(tag, attrs = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, value);
  element.append(...present(children));
  return element;
}

/// A decorative icon; whatever holds it must carry the words.
export function icon(name) {
  return svg('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' }, svg('path', { d: ICONS[name] }));
}

/// A button with an icon and words.
export function button(label, { icon: name, className = '', ...props } = {}) {
  return el('button', { type: 'button', className: `button ${className}`, ...props }, name && icon(name), label);
}

/// A button with an icon only; its words are its label.
export function iconButton(label, name, props = {}) {
  const { className = '', attrs = {}, ...rest } = props;
  const all = { type: 'button', className: `icon-button ${className}`, title: label, ...rest };
  return el('button', { ...all, attrs: { 'aria-label': label, ...attrs } }, icon(name));
}

/// A time that a machine can read and a person can hover.
export function time(when, words) {
  return el('time', { dateTime: when, title: new Date(when).toLocaleString() }, words);
}

export const find = (selector, root = document) => root.querySelector(selector);

function present(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== '');
}
