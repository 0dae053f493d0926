// Node's HTTP server with limits on what a connection may take: time to send a request, time to read an answer, requests at once.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Connections } from './connections';
import { freeMemory } from './growing-buffer';

/** Answers are sent in order, so each request that a client sends ahead of them waits in memory. */
const maxPipelined = 16;
/** In milliseconds. Load balancers usually reuse a connection for up to a minute. */
const keepAliveTimeout = 72_000;

/**
 * @param timeout in milliseconds, for a request to arrive and for its answer to be read
 * @param log     called with errors of a server that listens: the system refused it a connection
 */
export function createHttpServer(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  connections: Connections,
  timeout: number,
  log: (error: unknown) => void,
): Server {
  const unanswered = new WeakMap<Socket, Set<ServerResponse>>();
  const server = createServer(
    {
      ...{ headersTimeout: timeout, requestTimeout: timeout, keepAliveTimeout, requireHostHeader: false },
      connectionsCheckingInterval: Math.min(1000, timeout),
    },
    (request, response) => {
      const { socket } = request;
      const responses = unanswered.get(socket)!;
      // Node goes on with the requests that it has already read, even after this.
      if (responses.size >= maxPipelined) return void socket.destroy();
      responses.add(response);
      let timer: NodeJS.Timeout | undefined;
      // By then, all of the answer was handed to the socket.
      response.once('prefinish', () => {
        // What the client goes on sending is read, since many look for an answer only afterwards.
        if (!request.complete) request.on('data', freeMemory).resume();
        if (!socket.destroyed) timer = setTimeout(() => socket.destroy(), timeout);
      });
      response.once('close', () => {
        clearTimeout(timer);
        responses.delete(response);
      });
      handler(request, response);
    },
  );
  // What else a client expects than to continue is ignored: Node's own answer would have no body, and none of the limits.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.once('listening', () => server.on('error', log));
  return server.on('connection', (socket: Socket) => {
    const responses = new Set<ServerResponse>();
    unanswered.set(socket, responses);
    withoutStacks(socket);
    // Node tells only the response whose turn it is that its client is gone.
    socket.once('close', () => {
      for (const response of responses) if (response.socket === null) response.emit('close');
    });
    connections.add(socket);
  });
}

/**
 * Node makes an error for each request that a closed connection leaves behind, by the thousand when clients pipeline. To collect their stacks,
 * which nothing shows, takes longer than the requests did.
 */
function withoutStacks(socket: Socket): void {
  let limit = Error.stackTraceLimit;
  socket.prependOnceListener('close', () => {
    limit = Error.stackTraceLimit;
    Reflect.set(Error, 'stackTraceLimit', 0);
  });
  socket.once('close', () => Reflect.set(Error, 'stackTraceLimit', limit));
}
