// Amounts, ages and sizes in words.

const SCALE = 6;

/// An amount as the API writes it ("4", "0.25"), in millionths, so that no sum is ever rounded.
export function micros(amount) {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(amount)) ?? [];
  if (whole === undefined) throw new Error('not an amount');
  const value = BigInt(whole + fraction.slice(0, SCALE).padEnd(SCALE, '0'));
  return sign ? -value : value;
}

/// Millionths as a person reads them: `1 234.5`, without zeros at the end.
export function amount(value) {
  const all = typeof value === 'bigint' ? value : micros(value);
  const digits = String(all < 0n ? -all : all).padStart(SCALE + 1, '0');
  const whole = digits.slice(0, -SCALE).replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const fraction = digits.slice(-SCALE).replace(/0+$/, '');
  return `${all < 0n ? '\u2212' : ''}${whole}${fraction && `.${fraction}`}`;
}

/// The same with its unit: `1 credit`, `4 credits`.
export function credits(value) {
  const words = amount(value);
  return `${words}\u00a0${words === '1' ? 'credit' : 'credits'}`;
}

/// `1 job`, `3 jobs`.
export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

const STEPS = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [86400, 3600, 'h'],
  [Infinity, 86400, 'd'],
];

/// How long something takes or took: `12 s`, `5 min`, `3 h`, `2 d`.
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [, unit, name] = STEPS.find(([below]) => seconds < below);
  return `${Math.floor(seconds / unit)}\u00a0${name}`;
}

/// How long ago that was.
export function ago(when, now = Date.now()) {
  const passed = now - Date.parse(when);
  return passed < 10_000 ? 'just now' : `${duration(passed)} ago`;
}

/// A sentence: capital letter, full stop.
export function sentence(text) {
  const words = String(text ?? '').trim();
  if (!words) return '';
  return words[0].toUpperCase() + words.slice(1) + (/[.!?…]$/.test(words) ? '' : '.');
}

/// At most so many characters, and an ellipsis where something was cut.
export function excerpt(text, length) {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('').trimEnd()}…`;
}

/// `content_refused` as a person reads it: `content refused`.
export const spaced = (name) => String(name).replaceAll('_', ' ');

// Other, odd blanks, letters that are drawn as nothing, and blanks at the ends: what makes one name look like another.
const HIDDEN = /\p{C}|(?! )\p{Z}|[\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\u034f\u180b-\u180f\ufe00-\ufe0f]|^ +| +$/gu;
const code = (letter) => `\u27e8U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}\u27e9`;

/// A user's id so that it cannot be taken for another: what cannot be seen in it stands as its code, `⟨U+202E⟩`.
export const named = (id) => String(id).replaceAll(HIDDEN, (hidden) => Array.from(hidden, code).join(''));
