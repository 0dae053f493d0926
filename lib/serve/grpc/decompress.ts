// Compressed messages, gzip or deflate.
import { decompressor } from '../content-encoding';
import { badRequest, HttpError } from '../http-error';
import { valueText } from '../request-json';

/**
 * @param maxLength the largest size of the decompressed message in bytes
 * @param takes     told how many bytes there are, in growing numbers; what it throws ends the decompression
 * @throws {HttpError} as a rejection: 413 if the message is larger; 400 if it is not what `encoding` says; 501 if that is not supported
 */
export async function decompress(message: Buffer, encoding: string, maxLength: number, takes: (bytes: number) => void): Promise<Buffer> {
  if (!['identity', 'gzip', 'deflate'].includes(encoding))
    throw new HttpError(501, `the message is compressed with ${valueText(encoding)}, expected gzip, deflate or identity`);
  const stream = decompressor(encoding, message)?.stream;
  if (!stream) return message;
  const parts: Buffer[] = [];
  let length = 0;
  stream.end(message);
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > maxLength) throw new HttpError(413, `the message decompresses to more than ${maxLength} bytes`);
      takes(message.length + length);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof HttpError ? error : badRequest(`the message cannot be decompressed as ${encoding}: ${(error as Error).message}`);
  }
  return Buffer.concat(parts);
}
