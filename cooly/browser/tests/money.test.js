// Every sentence about late cancels, which needs no browser to be read.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const page = (name) => readFile(new URL(`../../../api/pages/${name}`, import.meta.url), 'utf8');
const asModule = (text) => `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
const plain = (text) => text.replaceAll('\u00a0', ' ').replaceAll('\u202f', '');

test('what a late cancel costs and cost is said of every kind of price', async () => {
  const words = asModule(await page('words.js'));
  const { charge, settlement, stopping } = await import(asModule((await page('money.js')).replace('./words.js', words)));
  const running = { status: 'running', cost: '8', cost_is: 'exact', charged: '8', on_hold: false };
  const held = { ...running, cost: '10', cost_is: 'at_most', charged: '10', on_hold: true };
  for (const [generation, says] of [
    [running, ''],
    [{ ...running, cancel_keeps: '4' }, 'The provider has begun: 4 of 8 credits come back.'],
    [{ ...running, cancel_keeps: '8' }, 'The provider has begun: of 8 credits nothing comes back.'],
    [{ ...held, cancel_keeps: '2.5' }, 'The provider has begun: 7.5 of 10 credits held come back.'],
    // A second run: what the first cancel kept is in none of it.
    [{ ...running, charged: '12', kept: '4', cancel_keeps: '4' }, 'The provider has begun: 4 of 8 credits come back.'],
  ]) assert.equal(plain(stopping(generation)), says);
  const cancelled = { ...running, status: 'cancelled', charged: '0' };
  const failed = { ...cancelled, status: 'failed' };
  for (const [generation, caption, sentence] of [
    [cancelled, 'not charged', 'Your 8 credits came back to you.'],
    [{ ...cancelled, charged: '4', kept: '4' }, '4 credits, the rest came back', '4 credits stay charged, because the provider had begun when you stopped it; the rest came back to you.'],
    [{ ...cancelled, charged: '8', kept: '8' }, '8 credits', '8 credits stay charged, because the provider had begun when you stopped it.'],
    [{ ...cancelled, charged: '8' }, '8 credits, refund waits', 'Your 8 credits have not come back yet: your balance is full. Support gives them back when there is room.'],
    [{ ...failed, charged: '4', kept: '4' }, '4 credits, the rest came back', '4 credits stay charged, because the provider had begun when you stopped it; the rest came back to you.'],
    [{ ...held, charged: '14', kept: '4' }, 'up to 10 credits, held; 4 credits kept', null],
    [{ ...running, charged: '12', kept: '4' }, '12 credits', null],
    [{ ...running, status: 'dead', charged: '12', kept: '4' }, '12 credits', 'Your 8 credits stay paid for it: either support runs it again at no cost, or they come back to you.'],
  ]) {
    assert.equal(plain(charge(generation)), caption);
    if (sentence !== null) assert.equal(plain(settlement(generation)), sentence);
  }
});
