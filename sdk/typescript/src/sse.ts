import { splitLines } from "./lines.js";

/** One event of a stream. An empty one has only an `id`. */
export interface ServerEvent {
  event: string;
  id: string | undefined;
  data: string | undefined;
  /** How long the server asks to wait before a reconnection. */
  retryMs: number | undefined;
}

const EMPTY: ServerEvent = { event: "message", id: undefined, data: undefined, retryMs: undefined };

/** The events in the text of a `text/event-stream`. One that is cut off at the end is left out. */
export async function* eventsOf(text: AsyncIterable<string>): AsyncGenerator<ServerEvent, void, undefined> {
  let event = EMPTY;
  for await (const line of splitLines(text)) {
    if (line !== "") {
      event = withLine(event, line);
    } else if (event !== EMPTY) {
      yield event;
      event = EMPTY;
    }
  }
}

function withLine(event: ServerEvent, line: string): ServerEvent {
  const colon = line.indexOf(":");
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  switch (field) {
    case "event":
      return { ...event, event: value };
    case "data":
      return { ...event, data: event.data === undefined ? value : `${event.data}\n${value}` };
    case "id":
      return value.includes("\0") ? event : { ...event, id: value };
    case "retry":
      return /^\d+$/.test(value) ? { ...event, retryMs: Number(value) } : event;
    default:
      return event;
  }
}
