import { Api } from "./generated/api.js";
import type { ClientOptions, TokenSource } from "./options.js";
import { LedgerPosition } from "./position.js";
import { settingsOf } from "./settings.js";
import { Transport } from "./transport.js";

/**
 * A client of one Cooly, as one caller. It remembers where its last write is in the log, so that its lists show it.
 *
 * @example
 * const cooly = new Cooly({ baseUrl: "https://cooly.example.com", token: () => freshToken() });
 * const { available } = await cooly.credits.get();
 */
export class Cooly extends Api {
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    const transport = new Transport(settingsOf(options), new LedgerPosition(), options.token);
    super(transport);
    this.#transport = transport;
  }

  /**
   * The same Cooly as another caller, such as a customer whose token a back end has. What one of both writes, the lists of
   * the other show.
   */
  as(token: TokenSource): Api {
    return new Api(this.#transport.as(token));
  }

  /** The same Cooly for this user, with the API key of a back end. What one of both writes, the lists of the other show. */
  onBehalfOf(user: string): Api {
    return new Api(this.#transport.onBehalfOf(user));
  }

  /** The position of the newest write; keep it to go on reading after it in another process. */
  get ledgerPosition(): string | undefined {
    return this.#transport.position.value;
  }

  /** From now on, lists show what was written up to this position. */
  readAfter(position: string | number): void {
    this.#transport.position.reach(position);
  }
}
