// Compressed bodies of requests and responses: gzip and deflate (RFC 9110, 8.4).
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGunzip, createInflate, createInflateRaw, deflate, gzip } from 'node:zlib';
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

/** An onSend hook: compresses text if the client accepts that. Binary logits are sent as they are, since compression hardly shortens them. */
export async function compressResponse(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
  if (Buffer.byteLength(payload) < minLength || !/json|text\//.test(String(reply.getHeader('content-type')))) return payload;
  reply.header('vary', 'accept-encoding');
  const encoding = acceptedEncoding(request.headers['accept-encoding']);
  if (encoding === undefined) return payload;
  reply.header('content-encoding', encoding).removeHeader('content-length');
  return await compressors[encoding](payload, { level: constants.Z_BEST_SPEED });
}

function acceptedEncoding(header: string | string[] = ''): 'gzip' | 'deflate' | undefined {
  const accepted = new Map(
    String(header)
      .toLowerCase()
      .split(',')
      .map((part) => /^\s*([\w*-]+)\s*(?:;\s*q=([\d.]+))?\s*$/.exec(part) ?? [])
      .map(([, name, quality = '1']) => [name, Number(quality) > 0]),
  );
  const isAccepted = (name: string): boolean => accepted.get(name) ?? accepted.get('*') ?? false;
  return isAccepted('gzip') ? 'gzip' : isAccepted('deflate') ? 'deflate' : undefined;
}
