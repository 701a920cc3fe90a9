/** What is sent line by line: items, each of which becomes a line of JSON, or bytes or text as they are. */
export type Upload<Line> = Iterable<Line> | AsyncIterable<Line> | string | Uint8Array | ReadableStream<Uint8Array>;

/** Whether it can be sent a second time. What is read while it is sent cannot. */
export function isResendable(upload: Upload<unknown>): boolean {
  return typeof upload === "string" || upload instanceof Uint8Array || Array.isArray(upload);
}

/** The body of a request. Items are taken as fast as they are sent. */
export function bodyOf(upload: Upload<unknown>): string | Uint8Array | ReadableStream<Uint8Array> {
  if (typeof upload === "string" || upload instanceof Uint8Array || upload instanceof ReadableStream) return upload;
  return streamOf(upload);
}

function streamOf(lines: Iterable<unknown> | AsyncIterable<unknown>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const items = Symbol.asyncIterator in lines ? lines[Symbol.asyncIterator]() : lines[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await items.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
    },
    async cancel() {
      await items.return?.();
    },
  });
}
