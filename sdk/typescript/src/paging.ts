/** What every page of a list has. */
interface Cursored {
  next_cursor?: string | null;
}

/**
 * A list that comes in pages. `for await` goes through its items, `pages()` through its pages, and `await` gives the
 * first page. Nothing is asked before that.
 */
export class Paged<Item, Page> implements AsyncIterable<Item>, PromiseLike<Page> {
  readonly #fetch: (cursor: string | undefined) => Promise<Page>;
  readonly #itemsOf: (page: Page) => Item[];

  constructor(fetch: (cursor: string | undefined) => Promise<Page>, itemsOf: (page: Page) => Item[]) {
    this.#fetch = fetch;
    this.#itemsOf = itemsOf;
  }

  async *pages(): AsyncGenerator<Page, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.#fetch(cursor);
      yield page;
      cursor = (page as Cursored).next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* this.#itemsOf(page);
  }

  /** The first items, as many as `limit` says: a list can be long, and this keeps all of them. */
  async take(limit: number): Promise<Item[]> {
    const items: Item[] = [];
    if (limit <= 0) return items;
    for await (const item of this) if (items.push(item) >= limit) break;
    return items;
  }

  // biome-ignore lint/suspicious/noThenProperty: so that `await` gives the first page.
  then<A = Page, B = never>(
    fulfilled?: ((page: Page) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#fetch(undefined).then(fulfilled, rejected);
  }
}
