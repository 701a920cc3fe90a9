// What the runner says: where Cooly listens, whose tokens to use, how hard to push, where results go.

const environment = (name) => {
  const value = __ENV[name];
  if (!value) throw new Error(`${name} is not set; start this script through loadtest/run`);
  return value;
};

export const url = environment('COOLY_URL');
export const results = environment('COOLY_RESULTS');

// { admin, auditor, users: [{ sub, token }] }: accounts that nobody else uses, so that the books add up.
export const tokens = JSON.parse(open(environment('COOLY_TOKENS')));
export const users = tokens.users;

// Which of several runs of one script this is, if the runner does more than one.
export const phase = __ENV.COOLY_PHASE || '';

export const duration = __ENV.DURATION || '30s';
export const rate = Number(__ENV.RATE || 300);

// The figures that a trend metric is summed up by.
export const trendStats = ['med', 'p(95)', 'p(99)', 'max', 'count'];

// Seconds of a k6 duration such as 90s or 1m30s.
export function seconds(text) {
  const units = { h: 3600, m: 60, s: 1 };
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  if (parts.length === 0) throw new Error(`${text} is not a duration such as 90s or 2m`);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit], 0);
}
