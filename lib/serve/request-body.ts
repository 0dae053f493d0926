// Reads the bodies of requests. What counts is the memory that is allocated, which follows what has arrived, not what a header claims.
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { decompressor } from './content-encoding';
import type { HeldBytes } from './held-bytes';
import { badRequest, HttpError } from './http-error';
import { clientDisconnected } from './infer-with-timeout';

const empty = Buffer.alloc(0);

type Holder = Pick<HeldBytes, 'grow' | 'filling'>;

/**
 * In bytes. For a body that claims to be no longer, all memory is allocated at once. A longer one is read a piece of about this size in each turn of
 * the event loop, so that requests of other clients are not kept waiting.
 */
const small = 1 << 16;
/** How many times what has arrived may be allocated because of a claim. Each allocation copies what is there. */
const trust = 8;

/**
 * @param maxBody the largest body in bytes, both compressed and decompressed
 * @returns the body, decompressed
 * @throws {HttpError} as a rejection: 413 if the body is larger; 400 if it is not encoded as the request says; 503 if it must give way to the
 *   bodies of other clients; 499 if the client disconnects
 */
export async function readBody(request: FastifyRequest, held: Holder, maxBody: number): Promise<Buffer> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > maxBody) throw tooLarge(`${length} bytes`, maxBody);
  const received = new GrowingBuffer(held, maxBody, length);
  await collect(request.raw, received, held).catch((error) => {
    throw error instanceof HttpError ? error : clientDisconnected();
  });
  const body = received.bytes();
  const decompress = decompressor(request.headers['content-encoding'], body);
  if (decompress === undefined) return body;
  const decompressed = new GrowingBuffer(held, maxBody);
  decompress.stream.end(body);
  try {
    await collect(decompress.stream, decompressed, held);
  } catch (cause) {
    decompress.stream.destroy();
    if (cause instanceof HttpError) throw cause;
    throw badRequest(`the body cannot be decompressed as ${decompress.encoding}: ${(cause as Error).message}`);
  }
  return decompressed.bytes();
}

const tooLarge = (size: string, maxBody: number): HttpError =>
  new HttpError(413, `the body is too large: ${size}, expected at most ${maxBody} (--max-body)`);

function collect(source: Readable, into: GrowingBuffer, held: Holder): Promise<void> {
  let stop = (): void => {};
  return held
    .filling((resolve, reject) => {
      const append = (chunk: Buffer): void => {
        try {
          into.append(chunk);
        } catch (error) {
          reject(error);
          return;
        }
        if (into.length <= small) return;
        source.pause();
        setImmediate(() => source.resume());
      };
      const gone = (): void => reject(clientDisconnected());
      // A listener that stayed would keep the bytes in memory.
      stop = () => void source.off('data', append).off('end', resolve).off('close', gone);
      source.on('data', append).once('end', resolve).once('error', reject).once('close', gone);
    })
    .finally(() => stop());
}

/** Copies what arrives, so that small pieces do not each keep a buffer of the socket alive. */
class GrowingBuffer {
  readonly #held: Holder;
  readonly #maxBody: number;
  readonly #expected: number;
  #bytes: Buffer = empty;
  #length = 0;

  /** @param expected how long the body is said to become */
  constructor(held: Holder, maxBody: number, expected = 0) {
    this.#held = held;
    this.#maxBody = maxBody;
    this.#expected = expected;
  }

  get length(): number {
    return this.#length;
  }

  append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#maxBody) throw tooLarge('more bytes', this.#maxBody);
    if (length > this.#bytes.length) this.#enlarge(length);
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  #enlarge(least: number): void {
    const { length } = this.#bytes;
    const size = this.#expected <= small ? Math.max(this.#expected, 2 * length) : Math.min(trust * Math.max(length, least), this.#expected);
    const capacity = Math.max(least, Math.min(size, this.#maxBody));
    this.#held.grow(capacity - length);
    const enlarged = Buffer.allocUnsafe(capacity);
    this.#bytes.copy(enlarged, 0, 0, this.#length);
    this.#bytes = enlarged;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
