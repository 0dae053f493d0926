// A connection of HTTP/2, whose streams are calls.
import { constants, performServerHandshake, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { checkToken } from '../authorization';
import { clientKey } from '../client-key';
import { HttpError } from '../http-error';
import { valueText } from '../request-json';
import { maxTimer } from '../service';
import { Call, type CallContext } from './call';
import type { Method } from './method';
import { refuse } from './refuse';
import { statusOf } from './status';

const settings = { maxConcurrentStreams: 100, maxHeaderListSize: 16 << 10 };
/** How often a client may ask for nothing within ten seconds without a call that is answered: pings, settings, and calls refused or reset. */
const [maxStrikes, strikePeriod] = [1000, 10_000];

/** Serves calls until the connection closes. Returns undefined if there is no room for it. */
export function serveConnection(
  socket: Socket,
  methods: ReadonlyMap<string, Method>,
  { service, calls, log }: Omit<CallContext, 'connection' | 'client'>,
): ServerHttp2Session | undefined {
  const { connections, options } = service;
  // One timeout for the first call to begin, and one for its message to arrive.
  const connection = connections.add(socket, Math.min(2 * options.timeout, maxTimer));
  if (!connection) return undefined;
  const context: CallContext = { service, connection, calls, log, client: clientKey(socket) };
  const session = performServerHandshake(socket, { settings });
  let [strikes, since] = [0, performance.now()];
  const strike = () => {
    const now = performance.now();
    if (now - since > strikePeriod) [strikes, since] = [0, now];
    if (++strikes > maxStrikes) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  };
  session.on('error', () => {}); // What a client does wrong ends its session, and is no error of the server.
  for (const event of ['ping', 'remoteSettings'] as const) session.on(event, strike);
  session.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    try {
      const method = methods.get(String(headers[':path']));
      if (!/^application\/grpc($|[+;])/.test(headers['content-type'] ?? '')) {
        strike();
        stream.respond({ ':status': 415 }, { endStream: true });
        return;
      }
      if (!method) throw new HttpError(501, `there is no method ${valueText(headers[':path'])}`);
      if (options.token !== undefined && !method.isOpen) checkToken(headers.authorization, options.token);
      stream.once('close', () => {
        if (stream.rstCode === constants.NGHTTP2_NO_ERROR) strikes = 0;
        else strike();
      });
      void new Call(stream, headers, method, context).run();
    } catch (error) {
      strike();
      refuse(stream, statusOf(error, log));
    }
  });
  return session;
}
