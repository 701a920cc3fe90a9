// The API keys: signs in and puts the parts together.

import { Client } from './client.js';
import { find } from './dom.js';
import { KeyList } from './keys-list.js';
import { NewKey } from './keys-new.js';
import { revoke } from './keys-revoke.js';
import { signIn } from './session.js';

const client = new Client('admin');
const list = new KeyList(client, (key) => revoke(client, key));
const made = new NewKey(client, () => list.show());

start();

async function start() {
  find('#new').addEventListener('click', () => made.ask());
  await signIn(client, () => client.get('/admin/keys?limit=1'), () => list.show());
  await list.show();
}
