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

interface Holding {
  readonly client: string;
  readonly revoke: () => void;
  amount: number;
  isKept: boolean;
}

export class FairBudget {
  readonly #limit: number;
  readonly #yielding: 'oldest' | 'newest';
  /** The oldest first. */
  readonly #holdings = new Set<Holding>();
  /** How much each client holds. */
  readonly #sums = new Map<string, number>();
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
    const newcomer: Holding = { client, revoke: () => {}, amount: 1, isKept: false };
    this.#holdings.add(newcomer);
    this.#add(client, 1);
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
    const holding: Holding = { client, revoke, amount: 0, isKept: false };
    this.#holdings.add(holding);
    if (!this.#grow(holding, amount)) return undefined;
    return {
      grow: (by) => this.#grow(holding, by),
      keep: () => {
        holding.isKept = true;
      },
      lend: () => {
        holding.isKept = false;
        if (this.#holdings.delete(holding)) this.#holdings.add(holding);
      },
      release: () => this.#release(holding),
    };
  }

  #grow(holding: Holding, by: number): boolean {
    if (!this.#holdings.has(holding)) return false;
    holding.amount += by;
    this.#add(holding.client, by);
    while (this.#used > this.#limit) {
      const victim = this.#victim(holding);
      this.#release(victim);
      if (victim === holding) return false;
      victim.revoke();
    }
    return true;
  }

  #release(holding: Holding): void {
    if (this.#holdings.delete(holding)) this.#add(holding.client, -holding.amount);
  }

  #add(client: string, amount: number): void {
    this.#used += amount;
    const sum = (this.#sums.get(client) ?? 0) + amount;
    if (sum === 0) this.#sums.delete(client);
    else this.#sums.set(client, sum);
  }

  /** The largest share of the client that holds most, among those that are not kept; `growing` if there is no other. */
  #victim(growing: Holding): Holding {
    const sum = ({ client }: Holding): number => this.#sums.get(client)!;
    let victim: Holding | undefined;
    for (const holding of this.#holdings) {
      if (holding.isKept && holding !== growing) continue;
      const difference = victim && (sum(holding) - sum(victim) || (holding.client === victim.client ? holding.amount - victim.amount : 0));
      if (difference === undefined || difference > 0 || (difference === 0 && this.#yielding === 'newest')) victim = holding;
    }
    return victim!;
  }
}
