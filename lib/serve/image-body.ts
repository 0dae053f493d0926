// The image of a request: its body, or the one file of a form.
import type { FastifyRequest } from 'fastify';
import { bad, Refusal } from './refusal';

export interface ImageBody {
  readonly bytes: Uint8Array;
  readonly isForm: boolean;
}

const howTo = 'or send the bytes alone, as curl --data-binary @a.png does';

export const isForm = ({ headers }: FastifyRequest): boolean => /^\s*multipart\//i.test(headers['content-type'] ?? '');

/** @throws {Refusal} as a rejection: 400 if there is none, or more than one; 415 if it is a multipart body other than a form */
export async function imageBody(request: FastifyRequest): Promise<ImageBody> {
  const body = (request.body ?? Buffer.alloc(0)) as Buffer;
  if (!isForm(request)) {
    if (body.length === 0) throw bad('the body is empty, expected an image: a file, or pixels with width and height');
    return { bytes: body, isForm: false };
  }
  const files = await filesOf(request, body);
  if (files.length !== 1) throw bad(`the form has ${files.length} files, expected one image; ${howTo}`);
  return { bytes: new Uint8Array(await files[0]!.arrayBuffer()), isForm: true };
}

async function filesOf({ headers }: FastifyRequest, body: Buffer): Promise<Blob[]> {
  try {
    // Node's own parser, that of fetch.
    const form = await new Response(body, { headers: { 'content-type': headers['content-type']! } }).formData();
    return [...form.values()].filter((value) => typeof value !== 'string');
  } catch (cause) {
    throw new Refusal(415, `the body is no form that can be read: ${(cause as Error).message}; ${howTo}`);
  }
}

/** What to say instead of `error`: in a form it may be anything. */
export const notAnImage = (error: Error): Refusal => new Refusal(415, `the file of the form: ${error.message}; ${howTo}`);
