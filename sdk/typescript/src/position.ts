/** The position of the newest write that a client knows of, so that its lists show it. Clients can share one. */
export class LedgerPosition {
  #newest: bigint | undefined;

  /** As `Ledger-Position` has it; undefined before the first write. */
  get value(): string | undefined {
    return this.#newest?.toString();
  }

  /** Takes note of a position; an older one changes nothing. */
  reach(position: string | number | null | undefined): void {
    if (position === null || position === undefined || !/^\d+$/.test(String(position))) return;
    const reached = BigInt(position);
    if (this.#newest === undefined || reached > this.#newest) this.#newest = reached;
  }
}
