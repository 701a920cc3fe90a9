import { bytesOf, type Source } from "./body.js";
import { ConnectionError } from "./errors.js";

/** A file that comes from the server: read it piece by piece with `for await`, or as `stream()`. It is not kept in memory. */
export class Download implements AsyncIterable<Uint8Array> {
  readonly #source: Source;
  /** 200, or 206 for a part that `range` asked for. */
  readonly status: number;
  readonly headers: Headers;

  constructor(source: Source) {
    this.#source = source;
    this.status = source.response.status;
    this.headers = source.response.headers;
  }

  get contentType(): string {
    return this.headers.get("content-type") ?? "application/octet-stream";
  }

  /** How many bytes will come, where the server knows it beforehand. */
  get size(): number | undefined {
    const length = this.headers.get("content-length");
    // A packed answer counts packed bytes.
    return length === null || this.headers.has("content-encoding") ? undefined : Number(length);
  }

  /** Names the content; of an output it is the SHA-256. */
  get etag(): string | undefined {
    return this.headers.get("etag") ?? undefined;
  }

  /** The name that the server proposes. */
  get filename(): string | undefined {
    return /filename="([^"]+)"/.exec(this.headers.get("content-disposition") ?? "")?.[1];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let received = 0;
    for await (const bytes of bytesOf(this.#source)) {
      received += bytes.length;
      yield bytes;
    }
    if (this.size !== undefined && received !== this.size) {
      const what = `${received} of ${this.size} bytes came before the connection closed; call again.`;
      throw new ConnectionError(this.#source.operation, what);
    }
  }

  /** The same bytes as a stream of the platform. */
  stream(): ReadableStream<Uint8Array> {
    const bytes = this[Symbol.asyncIterator]();
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await bytes.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await bytes.return();
      },
    });
  }

  /** All of it as text; only for what is small. */
  text(): Promise<string> {
    return new Response(this.stream()).text();
  }

  /** All of its bytes; only for what is small. */
  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await new Response(this.stream()).arrayBuffer());
  }

  /** Closes the connection without reading. */
  async cancel(): Promise<void> {
    await this.#source.response.body?.cancel();
  }
}
