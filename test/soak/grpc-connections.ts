// HTTP/2 connections of attackers, and what is sent over them.
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { Tally, Target } from './attack';

/** Those that take no new calls, but may stay open. */
const gone = new WeakSet<ClientHttp2Session>();

/** Counts errors, and the end of the connection. */
export function openSession({ host, grpcPort }: Target, tally: Tally): ClientHttp2Session {
  const session = connect(`http://${host}:${grpcPort}`);
  session.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => tally.count(code));
  session.on('goaway', () => {
    gone.add(session);
    tally.count('GOAWAY');
  });
  session.on('close', () => tally.count('connection closed'));
  return session;
}

/** A call that has not sent its message yet. Counts its status. Undefined after the server's GOAWAY. */
export function openCall(session: ClientHttp2Session, tally: Tally, token?: string, method = 'ModelInfer'): ClientHttp2Stream | undefined {
  if (gone.has(session) || session.closed || session.destroyed) return undefined;
  const call = session.request({
    ':method': 'POST',
    ':path': `/inference.GRPCInferenceService/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  });
  const status = (headers: Record<string, unknown>) => {
    if (headers['grpc-status'] !== undefined) tally.count(`grpc-status ${headers['grpc-status']}`);
  };
  call.on('response', status);
  call.on('trailers', status);
  call.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => tally.count(code));
  call.resume();
  return call;
}

/** The five bytes before a message. */
export function messageHead(length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return head;
}
