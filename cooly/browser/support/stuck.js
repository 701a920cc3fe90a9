// A provider that takes whatever it is given and is never done with it. It speaks as fal does.

import { createServer } from 'node:http';

/// Starts it, for as long as the tests of a file run: where it is.
export async function stuckProvider() {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(request.method === 'POST' ? { request_id: 'stuck' } : { status: 'IN_PROGRESS' }));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}
