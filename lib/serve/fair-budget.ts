// A resource that clients share: connections, bytes of bodies, images in a queue. When it runs short, the client that holds most of it gives way,
// so that a client that asks for little is served whatever the others do. Clients behind one address are one client here: among its shares, those
// that wait for the client give way first, in the order of what they have held times how long, so that neither many small ones nor a few large
// ones, which only wait, keep out a request that arrives.

/** A part of the resource. */
export interface Share {
  /** Takes more. Returns false, and gives the whole share back, if the share itself would have to give way. */
  grow(amount: number): boolean;
  /** From now on it cannot be revoked: what it is needed for is under way. */
  keep(): void;
  /** It can be revoked again, and counts as the youngest. */
  lend(): void;
  /** Whether it waits for the client. At first it does not. */
  setIdle(isIdle: boolean): void;
  /** Gives all of it back; later calls do nothing. */
  release(): void;
}

interface Client {
  readonly key: string;
  /** The number of its shares, and the sum of their amounts. */
  count: number;
  sum: number;
  /** Those that can be revoked and do not wait for the client, the oldest first. */
  readonly active: Set<Holding>;
  /** Those that can be revoked and do, by the binary logarithm of their amounts; in each set the one first that has not grown for longest. */
  readonly idle: Map<number, Set<Holding>>;
}

interface Holding {
  readonly client: Client;
  readonly revoke: () => void;
  amount: number;
  /** What had been taken in all when it grew last: time, as it matters here. */
  grewAt: number;
  isHeld: boolean;
  isKept: boolean;
  isIdle: boolean;
  /** Among which others it can be revoked. */
  place: Set<Holding> | undefined;
}

export class FairBudget {
  readonly #limit: number;
  readonly #yielding: 'oldest' | 'newest';
  readonly #clients = new Map<string, Client>();
  #used = 0;
  /** How much was taken since the beginning. */
  #taken = 0;

  /**
   * @param limit    how much there is in all
   * @param yielding which of equal shares that do not wait for the client gives way. With the newest, a client that takes more only displaces
   *   clients that hold more
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
      keep: () => this.#change(holding, { isKept: true }),
      lend: () => this.#change(holding, { isKept: false }),
      setIdle: (isIdle) => this.#change(holding, { isIdle }),
      release: () => this.#release(holding),
    };
  }

  #newcomer(key: string, revoke: () => void): Holding {
    const client: Client = this.#clients.get(key) ?? { key, count: 0, sum: 0, active: new Set(), idle: new Map() };
    this.#clients.set(key, client);
    client.count++;
    const state = { isHeld: true, isKept: false, isIdle: false, place: undefined };
    const holding: Holding = { client, revoke, amount: 0, grewAt: this.#taken, ...state };
    place(holding);
    return holding;
  }

  #change(holding: Holding, state: { isKept: boolean } | { isIdle: boolean }): void {
    if (!holding.isHeld) return;
    Object.assign(holding, state);
    holding.grewAt = this.#taken;
    place(holding);
  }

  #grow(holding: Holding, by: number): boolean {
    if (!holding.isHeld) return false;
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
    if (!holding.isHeld) return;
    holding.isHeld = false;
    holding.place?.delete(holding);
    const { client } = holding;
    client.sum -= holding.amount;
    this.#used -= holding.amount;
    if (--client.count === 0) this.#clients.delete(client.key);
  }

  #add(holding: Holding, amount: number): void {
    holding.amount += amount;
    holding.client.sum += amount;
    this.#used += amount;
    this.#taken += Math.max(0, amount);
    if (!holding.isIdle) return;
    holding.grewAt = this.#taken;
    place(holding);
  }

  /** A share of the client that holds most and has one to revoke; `growing` if there is no other. */
  #victim(growing: Holding): Holding {
    let victim: Holding | undefined;
    for (const client of this.#clients.values()) {
      const difference = victim === undefined ? 1 : client.sum - victim.client.sum;
      const isNewest = this.#yielding === 'newest' && client === growing.client;
      if (difference > 0 || (difference === 0 && isNewest))
        victim = this.#waiting(client, growing) ?? this.#largest(client, growing) ?? victim;
    }
    return victim!;
  }

  /** Of those that wait for the client, the one for which amount times time is largest. Not `growing`, for which the time is 0. */
  #waiting({ idle }: Client, growing: Holding): Holding | undefined {
    let victim: Holding | undefined;
    let most = 0;
    for (const [holding] of idle.values()) {
      const held = holding === undefined ? 0 : holding.amount * (this.#taken - holding.grewAt);
      if (holding === growing || held <= most) continue;
      victim = holding;
      most = held;
    }
    return victim;
  }

  /** The largest of the others. */
  #largest(client: Client, growing: Holding): Holding | undefined {
    let largest: Holding | undefined;
    const compare = (holding: Holding): void => {
      const difference = largest === undefined ? 1 : holding.amount - largest.amount;
      if (difference > 0 || (difference === 0 && this.#yielding === 'newest')) largest = holding;
    };
    for (const holding of client.active) compare(holding);
    if (client === growing.client && !client.active.has(growing)) compare(growing);
    return largest;
  }
}

/** Puts a share where it can be found to be revoked, as the youngest. */
function place(holding: Holding): void {
  holding.place?.delete(holding);
  holding.place = placeOf(holding);
  holding.place?.add(holding);
}

function placeOf({ client, amount, isKept, isIdle }: Holding): Set<Holding> | undefined {
  if (isKept) return undefined;
  if (!isIdle) return client.active;
  const size = Math.floor(Math.log2(amount));
  const same = client.idle.get(size) ?? new Set();
  client.idle.set(size, same);
  return same;
}
