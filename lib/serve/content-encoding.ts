// Compressed bodies of requests and responses: gzip and deflate (RFC 9110, 8.4).
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGunzip, createInflate, createInflateRaw, deflate, deflateSync, gzip, gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-error';

/** In bytes. Compressing a shorter body takes longer than it saves. */
const minLength = 1024;

/** In bytes. Each piece takes the event loop about as long, whatever its size. */
const chunkSize = 1 << 16;
const decompressors = { gzip: createGunzip, deflate: createInflate, raw: createInflateRaw };
const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) };

/**
 * An onRequest hook, which runs before the body is read.
 * @throws {HttpError} 415 if the encoding is not supported
 */
export async function checkEncoding(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const encoding = request.headers['content-encoding'];
  if (encodingOf(encoding) !== undefined) return;
  reply.header('accept-encoding', 'gzip, deflate');
  throw new HttpError(415, `the body is encoded as '${encoding}', expected gzip, deflate or identity`);
}

function encodingOf(header = ''): 'identity' | 'gzip' | 'deflate' | undefined {
  const encoding = header.trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return 'identity';
  return encoding === 'gzip' || encoding === 'x-gzip' ? 'gzip' : encoding === 'deflate' ? 'deflate' : undefined;
}

/** What decompresses a body; undefined if the body is not compressed. */
export function decompressor(header: string | undefined, body: Buffer): { encoding: string; stream: Transform } | undefined {
  const encoding = encodingOf(header);
  if (encoding === undefined || encoding === 'identity' || body.length === 0) return undefined;
  // Some clients send raw deflate data under the name deflate. With a zlib header, the low four bits of the first byte are 8.
  const kind = encoding === 'deflate' && (body[0]! & 15) !== 8 ? 'raw' : encoding;
  return { encoding, stream: decompressors[kind]({ chunkSize }) };
}

/** As many as the thread pool has threads. Each holds a quarter of a MiB, and more of them would only wait. */
const maxCompressions = 4;
let compressions = 0;

/**
 * An onSend hook: compresses text if the client accepts that, and sends it as it is while other responses are being compressed. Binary
 * logits are sent as they are, since compression hardly shortens them.
 */
export async function compressResponse(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (reply.hasHeader('content-encoding') || (typeof payload !== 'string' && !Buffer.isBuffer(payload))) return payload;
  if (Buffer.byteLength(payload) < minLength || !/json|text\//.test(String(reply.getHeader('content-type')))) return payload;
  reply.header('vary', 'accept-encoding');
  const encoding = acceptedEncoding(request.headers['accept-encoding']);
  if (encoding === undefined || compressions >= maxCompressions) return payload;
  reply.header('content-encoding', encoding).removeHeader('content-length');
  compressions++;
  try {
    return await compressors[encoding](payload, { level: constants.Z_BEST_SPEED });
  } finally {
    compressions--;
  }
}

/** Compresses a file once for each encoding. Returns a function that sets the headers of a response and returns its body. */
export function compressFile(content: Buffer): (request: FastifyRequest, reply: FastifyReply) => Buffer {
  const compressed: { gzip?: Buffer; deflate?: Buffer } = {};
  return (request, reply) => {
    reply.header('vary', 'accept-encoding');
    const encoding = acceptedEncoding(request.headers['accept-encoding']);
    if (encoding === undefined) return content;
    reply.header('content-encoding', encoding);
    compressed[encoding] ??= encoding === 'gzip' ? gzipSync(content) : deflateSync(content);
    return compressed[encoding];
  };
}

/** Takes time linear in the length of the header, unlike a regular expression that allows spaces in several places. */
function acceptedEncoding(header: string | string[] = ''): 'gzip' | 'deflate' | undefined {
  const accepted = new Map<string, boolean>();
  for (const part of String(header).toLowerCase().split(',')) {
    const [name, weight = 'q=1'] = part.split(';').map((text) => text.trim());
    accepted.set(name!, weight.startsWith('q=') && Number(weight.slice(2)) > 0);
  }
  const isAccepted = (name: string): boolean => accepted.get(name) ?? accepted.get('*') ?? false;
  return isAccepted('gzip') ? 'gzip' : isAccepted('deflate') ? 'deflate' : undefined;
}
