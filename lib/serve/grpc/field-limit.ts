// A field of two bytes can become an object of hundreds, so the fields of a message are counted before it is read.
import { badRequest, HttpError } from '../http-error';

/** The messages within a message, by the numbers of their fields. */
export interface Nested {
  readonly [field: number]: Nested;
}

/** Numbers belong into one packed field, which counts once; some clients send each as a field. */
const maxFields = 1 << 16;

/**
 * @param nested the messages within it in which fields count as well
 * @throws {HttpError} 413 if there are too many fields; 400 if the bytes are no message
 */
export function checkFields(message: Buffer, nested: Nested): void {
  let fields = 0;
  const check = (at: number, end: number, nested: Nested): void => {
    const varint = (): number => {
      for (let value = 0, scale = 1, i = 0; i < 10 && at < end; i++, scale *= 128) {
        const byte = message[at++]!;
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
      throw badRequest('the message is no protocol buffer: a number has no end');
    };
    while (at < end) {
      if (++fields > maxFields) throw new HttpError(413, `the message has more than ${maxFields} fields`);
      const tag = varint();
      const kind = tag % 8;
      if (kind === 0) varint();
      else if (kind === 1) at += 8;
      else if (kind === 5) at += 4;
      else if (kind === 2) {
        const length = varint();
        const within = nested[Math.floor(tag / 8)];
        if (within && at + length <= end) check(at, at + length, within);
        at += length;
      } else throw badRequest(`the message is no protocol buffer: a field is of kind ${kind}`);
      if (at > end) throw badRequest('the message is no protocol buffer: a field goes beyond its end');
    }
  };
  check(0, message.length, nested);
}
