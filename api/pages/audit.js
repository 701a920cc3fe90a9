// The audit: signs in and puts its parts together. Each part asks the API for itself and says what it was told.

import { Account } from './audit-account.js';
import { Balance } from './audit-balance.js';
import { EventPanel } from './audit-event.js';
import { Events } from './audit-events.js';
import { Finance } from './audit-finance.js';
import { WholeLog } from './audit-whole.js';
import { Client } from './client.js';
import { find } from './dom.js';
import { signIn } from './session.js';

const client = new Client('auditor');
const panel = new EventPanel(client);
const whole = new WholeLog(client);
const account = new Account(client, panel);
const events = new Events(client, panel);
const balance = new Balance(client);
const finance = new Finance(client);

start();

async function start() {
  whole.start();
  find('#range').addEventListener('submit', (event) => {
    event.preventDefault();
    books();
  });
  await signIn(client, () => client.get('/audit/events?limit=1'), show);
  await show();
}

async function books() {
  await balance.show();
  await finance.show();
}

async function show() {
  account.start();
  await Promise.all([events.show(), books()]);
}
