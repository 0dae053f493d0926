// The image of a request is its body, or the only file in a form.
import type { FastifyRequest } from 'fastify';
import { badRequest, HttpError } from './http-error';

export interface ImageBody {
  readonly bytes: Buffer;
  readonly isForm: boolean;
}

const howTo = 'or send the bytes alone, as curl --data-binary @a.png does';
/** A form with one image has few parts, and each takes time to scan. */
const maxParts = 100;

export const isForm = ({ headers }: FastifyRequest): boolean => /^\s*multipart\//i.test(headers['content-type'] ?? '');

/** @throws {HttpError} 400 if there is no image or more than one; 415 if the form cannot be parsed */
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
    throw new HttpError(415, `the form in the body cannot be parsed: send one file, as curl -F image=@a.png does, ${howTo}`);
  if (files.length !== 1) throw badRequest(`the form has ${files.length} files, expected one image; ${howTo}`);
  return { bytes: files[0]!, isForm: true };
}

/** The contents of the parts that have a file name (RFC 7578); undefined if the body is not a valid form. */
function filesOf(body: Buffer, boundary: string): Buffer[] | undefined {
  const files: Buffer[] = [];
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  let offset = body.indexOf(delimiter.subarray(2)) - 2;
  if (offset < -2) return undefined;
  for (let parts = 0; parts <= maxParts; parts++) {
    offset += delimiter.length;
    if (body.toString('latin1', offset, offset + 2) === '--') return files;
    const headersEnd = body.indexOf('\r\n\r\n', offset);
    const end = headersEnd < 0 ? -1 : body.indexOf(delimiter, headersEnd + 4);
    if (end < 0) return undefined;
    const headers = body.toString('latin1', offset, Math.min(headersEnd, offset + 8192));
    if (/^content-disposition:.*;\s*filename\*?=/im.test(headers)) files.push(body.subarray(headersEnd + 4, end));
    offset = end;
  }
  return undefined;
}

/** The error for a file of a form that is not an image; a form may hold a file of any type. */
export const notAnImage = (error: Error): HttpError => new HttpError(415, `the file of the form: ${error.message}; ${howTo}`);
