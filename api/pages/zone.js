// Whose days these are: the time zone of this browser.

const told = Intl.DateTimeFormat().resolvedOptions().timeZone;

/// The viewer's time zone as the API takes it; UTC where the browser does not tell, or tells that it does not know.
export const zone = told && told !== 'Etc/Unknown' ? told : 'UTC';

/// A day of the viewer as `2026-01-31`, so many days before today.
export function dayBack(days, now = new Date()) {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

/// The day after one.
export function dayAfter(day) {
  const [year, month, date] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, date + 1)).toISOString().slice(0, 10);
}

/// The days from one to another, both included.
export function daysBetween(from, to) {
  const days = [];
  for (let day = new Date(`${from}T00:00:00Z`); days.length < 400; day.setUTCDate(day.getUTCDate() + 1)) {
    const name = day.toISOString().slice(0, 10);
    if (name > to) break;
    days.push(name);
  }
  return days;
}
