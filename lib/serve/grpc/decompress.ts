// Compressed messages, gzip or deflate.
import { decompressor } from '../content-encoding';
import { freeMemory, GrowingBuffer } from '../growing-buffer';
import { badRequest, HttpError } from '../http-error';
import { valueText } from '../request-json';

/**
 * @param message not to be used afterwards: its memory is free, except on failure
 * @param max     the largest size of the decompressed message in bytes
 * @param grow    called with how many bytes of memory it is about to take more, negative for fewer; what it throws ends the decompression
 * @throws {HttpError} as a rejection: 413 if the message is larger; 400 if it is not what `encoding` says; 501 if that is not supported
 */
export async function decompress(message: Buffer, encoding: string, max: number, grow: (bytes: number) => void): Promise<Buffer> {
  if (!['identity', 'gzip', 'deflate'].includes(encoding))
    throw new HttpError(501, `the message is compressed with ${valueText(encoding)}, expected gzip, deflate or identity`);
  const stream = decompressor(encoding, message)?.stream;
  if (!stream) return message;
  const tooLarge = () => new HttpError(413, `the message decompresses to more than ${max} bytes`);
  const decompressed = new GrowingBuffer({ max, grow, tooLarge });
  stream.end(message);
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      decompressed.append(piece);
      freeMemory(piece);
    }
  } catch (error) {
    decompressed.free();
    throw error instanceof HttpError ? error : badRequest(`the message cannot be decompressed as ${encoding}: ${(error as Error).message}`);
  }
  grow(-message.length);
  freeMemory(message);
  return decompressed.bytes();
}
