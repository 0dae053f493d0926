// Messages in the bytes of a stream: each has a flag for compression and its length in front.
import { badRequest, HttpError } from '../http-error';

export interface Frame {
  readonly isCompressed: boolean;
  readonly message: Buffer;
}

const headLength = 5;
/** In bytes, of the first buffer for a message. A length alone takes no memory, only what arrives does. */
const firstCapacity = 16 << 10;
/** By how much a buffer grows. Each time, what is there is copied. */
const growth = 8;

/**
 * Reads messages. Parts of a message are copied into one buffer that grows: a part may be a single byte that keeps alive all that arrived with it.
 * @param maxLength the largest length of a message in bytes
 * @param watch     told when the first byte of a message arrives, and how many bytes its buffer is about to take; what it throws ends the reading
 * @throws {HttpError} 413 if a message is too large; 400 if the bytes end within one
 */
export async function* framesOf(
  chunks: AsyncIterable<Buffer>,
  maxLength: number,
  watch: { begins(): void; takes(bytes: number): void },
): AsyncGenerator<Frame, void, undefined> {
  const head = Buffer.alloc(headLength);
  let [headFilled, filled, length] = [0, 0, 0];
  let message = Buffer.alloc(0);
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (headFilled < headLength) {
        if (headFilled === 0) watch.begins();
        const taken = chunk.copy(head, headFilled, at);
        headFilled += taken;
        at += taken;
        if (headFilled < headLength) break;
        length = head.readUInt32BE(1);
        if (length > maxLength) throw new HttpError(413, `the message of ${length} bytes is larger than max, ${maxLength} bytes`);
      }
      const wanted = Math.min(length, filled + chunk.length - at);
      if (wanted > message.length) {
        const capacity = Math.min(length, Math.max(wanted, firstCapacity, growth * message.length));
        watch.takes(capacity);
        const larger = Buffer.allocUnsafeSlow(capacity);
        message.copy(larger, 0, 0, filled);
        message = larger;
      }
      const taken = chunk.copy(message, filled, at, at + wanted - filled);
      filled += taken;
      at += taken;
      if (filled < length) continue;
      yield { isCompressed: head[0] === 1, message };
      message = Buffer.alloc(0);
      headFilled = filled = 0;
    }
  }
  if (headFilled > 0) throw badRequest('the call ended within a message');
}

export function frameOf(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headLength + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, headLength);
  return frame;
}
