import { ConnectionError } from "./errors.js";

/** What is read of an answer while it comes, and how to say what broke. */
export interface Source {
  operation: string;
  response: Response;
  signal: AbortSignal | undefined;
}

/** The bytes of an answer. Leaving the loop early closes the connection. */
export async function* bytesOf({ operation, response, signal }: Source): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new ConnectionError(
      operation,
      "the connection broke before the answer was whole; call again.",
      undefined,
      cause,
    );
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The text of an answer as it comes, never cut within a character. */
export async function* textOf(source: Source): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  for await (const bytes of bytesOf(source)) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
}
