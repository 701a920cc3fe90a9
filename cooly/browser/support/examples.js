// What the examples of the API's document name, once it is there: `cooly --examples` makes it a while after its start.

import { until } from './api.js';

const ID = (number) => `01980a5e-7c1d-7000-8000-00000000000${number}`;

/// Waits until the picture is made, the dead letters are dead, the action on them has ended and the log begins to be sealed.
export async function examples(api) {
  const demo = { token: await api.token('user', 'demo') };
  const auditor = await api.token('auditor');
  const dead = async () => (await api.admin('GET', '/admin/dlq/messages?user=example')).items;
  await until(async () => (await api.generation(demo, ID(1))).status === 'succeeded', 'the picture');
  await until(async () => (await dead()).length === 2, 'both dead letters');
  await until(async () => (await api.admin('GET', '/admin/dlq/bulk-actions')).items.some(({ id }) => id === ID(5)), 'the action');
  await until(() => api.sealed(auditor, 1), 'the first seal');
}
