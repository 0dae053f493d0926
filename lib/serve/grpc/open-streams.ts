// Streams that clients keep open. Without ending them, a server that shuts down would wait forever.

/** The part of a server-side call that is needed to end its stream. */
interface Stream {
  on(event: 'close' | 'cancelled', listener: () => void): unknown;
  end(): unknown;
}

export class OpenStreams {
  readonly #ends = new Set<() => void>();

  /** @param idle resolves once every response that is still due has been written */
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

/** The part of a server-side call that is needed to wait for its buffer. */
interface Writing {
  readonly cancelled: boolean;
  readonly writableNeedDrain: boolean;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** Resolves once a stream accepts more messages or has ended. Without this, messages that a client does not read would pile up in memory. */
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
