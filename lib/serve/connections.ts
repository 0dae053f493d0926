// The open connections of the server, of any protocol. When there are too many, the client that holds most loses the one that has waited longest
// without a complete request, so that connections which only exist keep no client out.
import type { Socket } from 'node:net';
import { clientKey } from './client-key';
import { FairBudget, type Share } from './fair-budget';

export interface Connection {
  /** A complete request is under way: the connection is kept until as many calls of `end`. */
  begin(): void;
  /** The answer of a request was handed to the socket. From now on the connection counts as the youngest of those that may be closed. */
  end(): void;
}

export class Connections {
  readonly #budget: FairBudget;
  readonly #open = new Map<Socket, Connection>();

  /** @param limit how many may be open at a time */
  constructor(limit: number) {
    this.#budget = new FairBudget(limit);
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Counts a connection until it closes.
   * @param timeout in milliseconds: the connection is destroyed if no request is complete by then; undefined if the protocol sees to that
   * @returns undefined if all connections are kept; then this one was destroyed
   */
  add(socket: Socket, timeout?: number): Connection | undefined {
    const share = this.#budget.take(clientKey(socket), 1, () => socket.destroy());
    if (share === undefined) return void socket.destroy();
    const timer = timeout === undefined ? undefined : setTimeout(() => socket.destroy(), timeout);
    const connection = connectionOf(share, () => clearTimeout(timer));
    this.#open.set(socket, connection);
    socket.once('close', () => {
      clearTimeout(timer);
      share.release();
      this.#open.delete(socket);
    });
    return connection;
  }

  /** Undefined if the socket was not added, or has closed. */
  get(socket: Socket): Connection | undefined {
    return this.#open.get(socket);
  }

  /** Closes those on which nothing has arrived. */
  destroyUnused(): void {
    for (const socket of this.#open.keys()) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Closes all by force and returns how many there were. */
  destroyAll(): number {
    const sockets = [...this.#open.keys()];
    for (const socket of sockets) socket.destroy();
    return sockets.length;
  }
}

function connectionOf(share: Share, onFirst: () => void): Connection {
  let requests = 0;
  return {
    begin() {
      if (requests++ === 0) share.keep();
      onFirst();
    },
    end() {
      if (--requests === 0) share.lend();
    },
  };
}
