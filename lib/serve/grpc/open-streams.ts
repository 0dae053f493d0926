// Streams that clients keep open: a server that ends would wait for them forever.

/** What a stream of the server has of a call. */
interface Stream {
  on(event: 'close' | 'cancelled', listener: () => void): unknown;
  end(): unknown;
}

export class OpenStreams {
  readonly #ends = new Set<() => void>();

  /** @param idle resolves once nothing is to be written any more that was asked for before */
  add(stream: Stream, idle: () => Promise<unknown> = async () => {}): void {
    const end = () => void idle().then(() => stream.end());
    this.#ends.add(end);
    for (const event of ['close', 'cancelled'] as const) stream.on(event, () => this.#ends.delete(end));
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}

/** What a stream of the server has of what it writes. */
interface Writing {
  readonly cancelled: boolean;
  readonly writableNeedDrain: boolean;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** Resolves once a stream takes more messages, or none any more. Those that a client does not read would stay in memory. */
export async function drained(call: Writing): Promise<void> {
  if (call.cancelled || !call.writableNeedDrain) return;
  const events = ['drain', 'close', 'cancelled'];
  await new Promise<void>((resolve) => {
    const settle = () => {
      for (const event of events) call.off(event, settle);
      resolve();
    };
    for (const event of events) call.on(event, settle);
  });
}
