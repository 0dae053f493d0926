// Messages in the bytes of a stream: each has a flag for compression and its length in front.
import { GrowingBuffer } from '../growing-buffer';
import { badRequest, HttpError } from '../http-error';

export interface Frame {
  readonly isCompressed: boolean;
  readonly message: Buffer;
}

const headLength = 5;

/**
 * Reads messages.
 * @param maxLength the largest length of a message in bytes
 * @param watch     called when the first byte of a message arrives, and with how many bytes of memory it is about to take more; what that throws
 *   ends the reading
 * @throws {HttpError} 413 if a message is too large; 400 if the bytes end within one
 */
export async function* framesOf(
  chunks: AsyncIterable<Buffer>,
  maxLength: number,
  watch: { begins(): void; takes(bytes: number): void },
): AsyncGenerator<Frame, void, undefined> {
  const head = Buffer.alloc(headLength);
  let headFilled = 0;
  let buffer: GrowingBuffer | undefined;
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        if (buffer === undefined) {
          if (headFilled === 0) watch.begins();
          const taken = chunk.copy(head, headFilled, at);
          headFilled += taken;
          at += taken;
          if (headFilled < headLength) break;
          buffer = bufferFor(head.readUInt32BE(1), maxLength, watch.takes);
        }
        const part = chunk.subarray(at, at + buffer.missing);
        buffer.append(part);
        at += part.length;
        if (buffer.missing > 0) continue;
        const message = buffer.bytes();
        buffer = undefined;
        headFilled = 0;
        yield { isCompressed: head[0] === 1, message };
      }
    }
  } finally {
    buffer?.free();
  }
  if (headFilled > 0) throw badRequest('the call ended within a message');
}

function bufferFor(length: number, max: number, grow: (bytes: number) => void): GrowingBuffer {
  const tooLarge = () => new HttpError(413, `the message has ${length} bytes, expected at most ${max}`);
  if (length > max) throw tooLarge();
  return new GrowingBuffer({ expected: length, max, grow, tooLarge });
}

export function frameOf(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headLength + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, headLength);
  return frame;
}
