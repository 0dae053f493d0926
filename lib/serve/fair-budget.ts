// A resource that clients share: connections, bytes of bodies, images in a queue. When it runs short, the client that holds most of it gives way,
// so that a client that asks for little is served whatever the others do.

/** A part of the resource. */
export interface Share {
  /** Takes more. Returns false, and gives the whole share back, if the share itself would have to give way. */
  grow(amount: number): boolean;
  /** From now on it cannot be revoked: what it is needed for is under way. */
  keep(): void;
  /** It can be revoked again, and counts as the youngest. */
  lend(): void;
  /** Gives all of it back; later calls do nothing. */
  release(): void;
}

interface Client {
  readonly key: string;
  /** The oldest first. */
  readonly holdings: Set<Holding>;
  /** Of their amounts. */
  sum: number;
}

interface Holding {
  readonly client: Client;
  readonly revoke: () => void;
  amount: number;
  isKept: boolean;
}

export class FairBudget {
  readonly #limit: number;
  readonly #yielding: 'oldest' | 'newest';
  readonly #clients = new Map<string, Client>();
  #used = 0;

  /**
   * @param limit    how much there is in all
   * @param yielding which of equal shares gives way. With the newest, a client that takes more only displaces clients that hold more
   */
  constructor(limit: number, yielding: 'oldest' | 'newest' = 'oldest') {
    this.#limit = limit;
    this.#yielding = yielding;
  }

  /** How much is taken. */
  get used(): number {
    return this.#used;
  }

  /** Whether a share of 1 could be taken. */
  hasRoom(client: string): boolean {
    if (this.#used < this.#limit) return true;
    const newcomer = this.#newcomer(client, () => {});
    this.#add(newcomer, 1);
    const victim = this.#victim(newcomer);
    this.#release(newcomer);
    return victim !== newcomer;
  }

  /**
   * @param client the key of the client, such as its address
   * @param revoke called when the share must give way, after it was given back; not called on refusal
   * @returns undefined if the share itself would have to give way: no client that holds as much has anything to revoke
   */
  take(client: string, amount: number, revoke: () => void): Share | undefined {
    const holding = this.#newcomer(client, revoke);
    if (!this.#grow(holding, amount)) return undefined;
    return {
      grow: (by) => this.#grow(holding, by),
      keep: () => {
        holding.isKept = true;
      },
      lend: () => {
        holding.isKept = false;
        const { holdings } = holding.client;
        if (holdings.delete(holding)) holdings.add(holding);
      },
      release: () => this.#release(holding),
    };
  }

  #newcomer(key: string, revoke: () => void): Holding {
    const client: Client = this.#clients.get(key) ?? { key, holdings: new Set(), sum: 0 };
    this.#clients.set(key, client);
    const holding = { client, revoke, amount: 0, isKept: false };
    client.holdings.add(holding);
    return holding;
  }

  #grow(holding: Holding, by: number): boolean {
    if (!holding.client.holdings.has(holding)) return false;
    this.#add(holding, by);
    while (this.#used > this.#limit) {
      const victim = this.#victim(holding);
      this.#release(victim);
      if (victim === holding) return false;
      victim.revoke();
    }
    return true;
  }

  #release(holding: Holding): void {
    const { client } = holding;
    if (!client.holdings.delete(holding)) return;
    this.#add(holding, -holding.amount);
    if (client.holdings.size === 0) this.#clients.delete(client.key);
  }

  #add(holding: Holding, amount: number): void {
    holding.amount += amount;
    holding.client.sum += amount;
    this.#used += amount;
  }

  /** The largest share of the client that holds most, among those that are not kept; `growing` if there is no other. */
  #victim(growing: Holding): Holding {
    let victim: Holding | undefined;
    for (const client of this.#clients.values()) {
      const difference = victim === undefined ? 1 : client.sum - victim.client.sum;
      const isNewest = this.#yielding === 'newest' && client === growing.client;
      if (difference > 0 || (difference === 0 && isNewest)) victim = this.#largest(client, growing) ?? victim;
    }
    return victim!;
  }

  #largest(client: Client, growing: Holding): Holding | undefined {
    let largest: Holding | undefined;
    for (const holding of client.holdings) {
      if (holding.isKept && holding !== growing) continue;
      const difference = largest === undefined ? 1 : holding.amount - largest.amount;
      if (difference > 0 || (difference === 0 && this.#yielding === 'newest')) largest = holding;
    }
    return largest;
  }
}
