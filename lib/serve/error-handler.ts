// Turns errors into responses: { "error": … } with a status code.
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerAndClose } from './closing-answer';
import { HttpError, statusCodeOf, textForClients } from './http-error';

/** Answers a request that Node could not parse. There is no reply object for it, only a socket. */
export function handleClientError({ code }: NodeJS.ErrnoException, socket: Socket): void {
  const responses: Record<string, readonly [string, string]> = {
    ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long to arrive'],
    HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
  };
  const [status, error] = responses[code ?? ''] ?? ['400 Bad Request', 'this is not an HTTP request'];
  answerAndClose(socket, status, error);
}

export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusCodeOf(error);
  // Of an error that was expected, such as a probe of a server that is not ready, the stack says nothing.
  if (status >= 500 && error instanceof HttpError) request.log.warn(`${status}: ${error.message}`);
  else if (status >= 500) request.log[status === 503 ? 'warn' : 'error'](error);
  if (error instanceof HttpError && error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send({ error: textForClients(error as Error) });
}
