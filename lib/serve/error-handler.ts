// Turns errors into responses: { "error": … } with a status code.
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdderNetError } from '../errors';
import { answerAndClose } from './closing-answer';
import { HttpError } from './http-error';

/** Answers a request that Node could not parse. There is no reply object for it, only a socket. */
export function handleClientError({ code }: NodeJS.ErrnoException, socket: Socket): void {
  const responses: Record<string, readonly [string, string]> = {
    ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long to arrive'],
    HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
  };
  const [status, error] = responses[code ?? ''] ?? ['400 Bad Request', 'this is not an HTTP request'];
  answerAndClose(socket, status, error);
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
  // Of an error that was expected, such as a probe of a server that is not ready, the stack says nothing.
  if (status >= 500 && error instanceof HttpError) request.log.warn(`${status}: ${message}`);
  else if (status >= 500) request.log[status === 503 ? 'warn' : 'error'](error);
  if (error instanceof HttpError && error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send({ error: textFor(status, error as Error) });
}

/** Clients must not see the details of unexpected errors, nor the paths that Node reports for a package that does not load. */
function textFor(status: number, error: Error): string {
  if (status === 500) return 'internal error, see the log of the server';
  const isBroken = error instanceof AdderNetError && error.code === 'ERR_PEER_BROKEN';
  return isBroken ? 'a package that this needs does not load, see the log of the server' : error.message;
}
