// Reads the bodies of requests. What counts is the memory that is allocated, which follows what has arrived, not what a header claims.
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { decompressor } from './content-encoding';
import { freeMemory, GrowingBuffer } from './growing-buffer';
import type { HeldBytes } from './held-bytes';
import { badRequest, HttpError } from './http-error';
import { clientDisconnected } from './infer-with-timeout';

type Holder = Pick<HeldBytes, 'grow' | 'filling'>;

/**
 * In bytes. Beyond it, a body is read a piece of about this size in each turn of the event loop, so that requests of other clients are not kept
 * waiting.
 */
const atOnce = 1 << 16;

/**
 * @param maxBody the largest body in bytes, both compressed and decompressed
 * @returns the body, decompressed
 * @throws {HttpError} as a rejection: 413 if the body is larger; 400 if it is not encoded as the request says; 503 if it must give way to the
 *   bodies of other clients; 499 if the client disconnects
 */
export async function readBody(request: FastifyRequest, held: Holder, maxBody: number): Promise<Buffer> {
  const expected = Number(request.headers['content-length'] ?? 0);
  if (expected > maxBody) throw tooLarge(`${expected} bytes`, maxBody);
  const limits = { max: maxBody, grow: (bytes: number) => held.grow(bytes), tooLarge: () => tooLarge('more bytes', maxBody) };
  const received = new GrowingBuffer({ ...limits, expected });
  await collect(request.raw, received, held).catch((error) => {
    throw error instanceof HttpError ? error : clientDisconnected();
  });
  const body = received.bytes();
  const decompress = decompressor(request.headers['content-encoding'], body);
  if (decompress === undefined) return body;
  const { stream, encoding } = decompress;
  const decompressed = new GrowingBuffer(limits);
  stream.end(body);
  try {
    await collect(stream, decompressed, held);
  } catch (cause) {
    if (cause instanceof HttpError) throw cause;
    throw badRequest(`the body cannot be decompressed as ${encoding}: ${(cause as Error).message}`);
  } finally {
    stream.destroy();
  }
  return decompressed.bytes();
}

const tooLarge = (size: string, maxBody: number): HttpError =>
  new HttpError(413, `the body is too large: ${size}, expected at most ${maxBody} (--max-body)`);

/** Fills the buffer with all of the source, and frees it if that fails. */
async function collect(source: Readable, into: GrowingBuffer, held: Holder): Promise<void> {
  let stop = (): void => {};
  try {
    await held.filling((resolve, reject) => {
      const append = (piece: Buffer): void => {
        try {
          into.append(piece);
        } catch (error) {
          reject(error);
          return;
        }
        freeMemory(piece);
        if (into.length <= atOnce) return;
        source.pause();
        setImmediate(() => source.resume());
      };
      const gone = (): void => reject(clientDisconnected());
      // A listener that stayed would keep the bytes in memory.
      stop = () => void source.off('data', append).off('end', resolve).off('close', gone);
      source.on('data', append).once('end', resolve).once('error', reject).once('close', gone);
    });
  } catch (error) {
    into.free();
    throw error;
  } finally {
    stop();
  }
}
