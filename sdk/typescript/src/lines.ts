import { type Source, textOf } from "./body.js";
import { ConnectionError } from "./errors.js";

/** Lines of JSON as they come. Without the line that ends them they were cut off, which is an error. */
export class Lines<T> implements AsyncIterable<T> {
  readonly #source: Source;
  readonly #isLast: (line: T) => boolean;

  constructor(source: Source, isLast: (line: T) => boolean) {
    this.#source = source;
    this.#isLast = isLast;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let ended = false;
    for await (const line of splitLines(textOf(this.#source))) {
      if (line.trim() === "") continue;
      const value = JSON.parse(line) as T;
      ended = this.#isLast(value);
      yield value;
    }
    if (!ended) {
      throw new ConnectionError(
        this.#source.operation,
        "the answer was cut off; send the same again under the same key.",
      );
    }
  }
}

/** Text in pieces as whole lines, which end with LF, CR LF or CR. What is not ended at the end is left out. */
export async function* splitLines(pieces: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const piece of pieces) {
    rest += piece;
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest.endsWith("\r")) yield rest.slice(0, -1);
}
