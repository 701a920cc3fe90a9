// Server-sent events over fetch, because EventSource cannot send an Authorization header.

const STALLED = 45_000;
const SHORTEST = 500;
const LONGEST = 15_000;

/// Reads events until the page goes away. `onEvent(type, data, id)` gets each one; `onLive(true)` says that the stream
/// is open, `onLive(false)` that it is not and will be opened again after the last event seen.
export async function follow(client, path, { onEvent, onLive }) {
  let last = null;
  for (let failures = 0; ; failures += 1) {
    try {
      const watch = new Watch();
      const headers = { Accept: 'text/event-stream', ...(last && { 'Last-Event-ID': last }) };
      const response = await client.stream(path, headers, watch.signal);
      onLive(true);
      failures = 0;
      for await (const event of events(response.body, watch)) {
        last = event.id ?? last;
        if (event.data) onEvent(event.type, JSON.parse(event.data), event.id);
      }
    } catch (problem) {
      console.debug('the event stream ended', problem.message);
    }
    onLive(false);
    await pause(Math.min(LONGEST, SHORTEST * 2 ** failures) * (0.5 + Math.random() / 2));
  }
}

/// Ends a stream on which even the heartbeat is missing.
class Watch {
  #controller = new AbortController();
  #timer = 0;

  constructor() {
    this.seen();
  }

  get signal() {
    return this.#controller.signal;
  }

  seen() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), STALLED);
  }

  over() {
    clearTimeout(this.#timer);
  }
}

async function* events(body, watch) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      watch.seen();
      text += value;
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop();
      for (const block of blocks) yield parse(block);
    }
  } finally {
    watch.over();
    reader.cancel().catch(() => {});
  }
}

/// One block of the stream; a comment is an event without data.
export function parse(block) {
  const event = { type: 'message', data: '', id: null };
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === 'data') event.data += (event.data && '\n') + value;
    if (field === 'event') event.type = value;
    if (field === 'id') event.id = value;
  }
  return event;
}

/// Waits, or less if the network or the user comes back.
function pause(milliseconds) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener('online', end, { signal: over.signal });
    document.addEventListener('visibilitychange', () => document.hidden || end(), { signal: over.signal });
  });
}
