// Amounts travel as strings with up to 6 decimal places. They are added here as whole millionths, which a
// JavaScript number holds exactly up to nine billion credits.

export function micros(amount) {
  const match = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(amount);
  if (!match) throw new Error(`${JSON.stringify(amount)} is not an amount of credits`);
  const [, sign, whole, fraction = ''] = match;
  const value = Number(whole) * 1e6 + Number(fraction.padEnd(6, '0'));
  if (!Number.isSafeInteger(value)) throw new Error(`${amount} is too large to audit`);
  return sign ? -value : value;
}

export const sum = (amounts) => amounts.reduce((total, amount) => total + amount, 0);

export const shown = (value) => String(value / 1e6);
