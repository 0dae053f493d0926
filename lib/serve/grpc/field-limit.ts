// A field of two bytes can become an object of hundreds, and a million small numbers take long to read: both are counted before that.
import { badRequest, HttpError } from '../http-error';

/**
 * The fields of a message, by their numbers, whose content counts: the fields of a nested message; or the bytes that an element of an array
 * takes, 0 if its bytes count as fields because it holds few elements.
 */
export interface CountedFields {
  readonly [field: number]: CountedFields | number;
}

/** Numbers belong into one packed field, which counts once; some clients send each as a field. */
const maxFields = 1 << 16;

/**
 * @param counted    its fields whose content counts as well
 * @param maxNumbers how many elements there may be in arrays, except those that count as fields
 * @throws {HttpError} 413 if there are too many fields or numbers; 400 if the bytes are no message
 */
export function checkFields(message: Buffer, counted: CountedFields, maxNumbers: number): void {
  let [fields, numbers] = [0, 0];
  const check = (at: number, end: number, counted: CountedFields): void => {
    const varint = (): number => {
      for (let value = 0, scale = 1, i = 0; i < 10 && at < end; i++, scale *= 128) {
        const byte = message[at++]!;
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
      throw badRequest('the message is no protocol buffer: a number has no end');
    };
    while (at < end) {
      fields++;
      const tag = varint();
      const kind = tag % 8;
      if (kind === 0) varint();
      else if (kind === 1) at += 8;
      else if (kind === 5) at += 4;
      else if (kind === 2) {
        const length = varint();
        const within = counted[Math.floor(tag / 8)];
        if (within === 0) fields += length;
        else if (typeof within === 'number') numbers += length / within;
        else if (within && at + length <= end) check(at, at + length, within);
        at += length;
      } else throw badRequest(`the message is no protocol buffer: a field is of kind ${kind}`);
      if (fields > maxFields) throw new HttpError(413, `the message has more than ${maxFields} fields and characters of texts`);
      if (numbers > maxNumbers)
        throw new HttpError(413, `the message has more than the ${maxNumbers} numbers of the largest input that may wait (--max-queue)`);
      if (at > end) throw badRequest('the message is no protocol buffer: a field goes beyond its end');
    }
  };
  check(0, message.length, counted);
}
