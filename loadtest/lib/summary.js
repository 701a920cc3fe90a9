// The end of a run, for people on the screen and for the runner in two files: `<name>.json` with every figure,
// `<name>.row` with its line of the table.

import { results } from './settings.js';

const ms = (value) => (value === undefined ? '-' : `${value.toFixed(value < 10 ? 2 : 0)} ms`);
const percent = (value) => `${(value * 100).toFixed(2)} %`;
const row = (cells) => `  ${cells[0].padEnd(34)}${cells.slice(1).map((cell) => String(cell).padStart(11)).join('')}\n`;

// `lines` is [[label, trend metric]]; the first is the line of the table.
export function summarize(name, title, data, lines) {
  const trend = (metric) => (data.metrics[metric] || { values: {} }).values;
  const requests = data.metrics.http_reqs.values.count;
  const errors = data.metrics.errors.values.rate;
  const figures = (metric) => {
    const { med, 'p(95)': p95, 'p(99)': p99 } = trend(metric);
    return [ms(med), ms(p95), ms(p99)];
  };
  let text = `\n${title}\n\n` + row(['', 'count', 'p50', 'p95', 'p99']);
  for (const [label, metric] of lines) text += row([label, trend(metric).count ?? 0, ...figures(metric)]);
  text += `\n  ${requests} requests, ${percent(errors)} errors\n\n${thresholds(data)}`;
  return {
    stdout: text,
    [`${results}/${name}.json`]: JSON.stringify(data, null, 2),
    [`${results}/${name}.row`]: [requests, percent(errors), ...figures(lines[0][1])].join('|') + '\n',
  };
}

// One line a threshold, with a mark that says whether it held.
export function thresholds(data) {
  const lines = [];
  for (const [name, metric] of Object.entries(data.metrics)) {
    for (const [rule, { ok }] of Object.entries(metric.thresholds || {})) {
      lines.push(`  ${ok ? '✓' : '✗'} ${name}: ${rule}\n`);
    }
  }
  return lines.join('');
}
