// A queue in which clients take turns, so that no number of items of one client delays those of another by more than one each.

export class FairQueue<T> {
  /** The items of each client. The client whose turn is next comes first. */
  readonly #waiting = new Map<string, Set<T>>();

  /** Adds an item at the end of those of the client. */
  add(client: string, item: T): void {
    const items = this.#waiting.get(client);
    if (items) items.add(item);
    else this.#waiting.set(client, new Set([item]));
  }

  /** Takes an item out before its turn; does nothing if it does not wait. */
  delete(client: string, item: T): void {
    const items = this.#waiting.get(client);
    if (items?.delete(item) && items.size === 0) this.#waiting.delete(client);
  }

  /** The oldest item of the client whose turn it is; undefined if nothing waits. */
  first(): T | undefined {
    for (const items of this.#waiting.values()) for (const item of items) return item;
    return undefined;
  }

  /** Takes it out. */
  take(): T | undefined {
    for (const [client, items] of this.#waiting) {
      const [item] = items;
      items.delete(item!);
      this.#waiting.delete(client);
      if (items.size > 0) this.#waiting.set(client, items);
      return item;
    }
    return undefined;
  }
}
