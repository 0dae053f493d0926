// The image of a request: its body, or the one file of a form.
import type { FastifyRequest } from 'fastify';
import { badRequest, HttpError } from './http-error';

export interface ImageBody {
  readonly bytes: Buffer;
  readonly isForm: boolean;
}

const howTo = 'or send the bytes alone, as curl --data-binary @a.png does';
/** A form for one image has few; each costs some time. */
const maxParts = 100;

export const isForm = ({ headers }: FastifyRequest): boolean => /^\s*multipart\//i.test(headers['content-type'] ?? '');

/** @throws {HttpError} 400 if there is none, or more than one; 415 at a form that cannot be read */
export function imageBody(request: FastifyRequest): ImageBody {
  const body = (request.body ?? Buffer.alloc(0)) as Buffer;
  if (!isForm(request)) {
    if (body.length === 0) throw badRequest('the body is empty, expected an image: a file, or pixels with width and height');
    return { bytes: body, isForm: false };
  }
  const [, quoted, plain] =
    /^\s*multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(request.headers['content-type']!) ?? [];
  const boundary = quoted ?? plain;
  const files = boundary === undefined ? undefined : filesOf(body, boundary);
  if (files === undefined)
    throw new HttpError(415, `the body is no form that can be read: send one file, as curl -F image=@a.png does, ${howTo}`);
  if (files.length !== 1) throw badRequest(`the form has ${files.length} files, expected one image; ${howTo}`);
  return { bytes: files[0]!, isForm: true };
}

/** Contents of the parts that have the name of a file (RFC 7578). Undefined: it is no form. */
function filesOf(body: Buffer, boundary: string): Buffer[] | undefined {
  const files: Buffer[] = [];
  const mark = Buffer.from(`\r\n--${boundary}`);
  let place = body.indexOf(mark.subarray(2)) - 2;
  if (place < -2) return undefined;
  for (let parts = 0; parts <= maxParts; parts++) {
    place += mark.length;
    if (body.toString('latin1', place, place + 2) === '--') return files;
    const headersEnd = body.indexOf('\r\n\r\n', place);
    const end = headersEnd < 0 ? -1 : body.indexOf(mark, headersEnd + 4);
    if (end < 0) return undefined;
    const headers = body.toString('latin1', place, Math.min(headersEnd, place + 8192));
    if (/^content-disposition:.*;\s*filename\*?=/im.test(headers)) files.push(body.subarray(headersEnd + 4, end));
    place = end;
  }
  return undefined;
}

/** What to say instead of `error`: in a form it may be anything. */
export const notAnImage = (error: Error): HttpError => new HttpError(415, `the file of the form: ${error.message}; ${howTo}`);
