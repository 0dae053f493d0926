// Turns errors into responses: { "error": … } with a status code.
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdderNetError } from '../errors';
import { HttpError } from './http-error';

/** Answers a request that Node could not parse. There is no reply object for it, only a socket. */
export function handleClientError({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const responses: Record<string, readonly [string, string]> = {
    ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long to arrive'],
    HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
  };
  const [status, error] = responses[code ?? ''] ?? ['400 Bad Request', 'this is not an HTTP request'];
  const body = JSON.stringify({ error });
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}

/** The status codes of errors that the client can do something about. */
const statusOf: Partial<Record<AdderNetError['code'], number>> = {
  ERR_SHAPE: 400,
  ERR_DTYPE: 400,
  ERR_ARGUMENT: 400,
  ERR_FORMAT: 400,
  ERR_CORRUPT: 400,
  ERR_MEMORY: 503,
  ERR_DISPOSED: 503,
  ERR_PEER_MISSING: 501,
  ERR_PEER_BROKEN: 501,
};

export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode, message } = error as Error & { statusCode?: number };
  const status = statusCode ?? (error instanceof AdderNetError ? (statusOf[error.code] ?? 500) : 500);
  if (status >= 500) request.log[status === 503 ? 'warn' : 'error'](error);
  if (error instanceof HttpError && error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  // Unexpected errors go to the log; clients must not see their details.
  return reply.code(status).send({ error: status === 500 ? 'internal error, see the log of the server' : message });
}
