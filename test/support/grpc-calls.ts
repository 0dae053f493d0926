// Calls over HTTP/2 whose bytes a test chooses, which no gRPC client would send.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders, type Settings } from 'node:http2';
import type { Test } from 'tap';

/** A connection that may send as much as it likes. */
export function connection(t: Test, port: number, settings: Settings = {}): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1e5, settings });
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  return session;
}

/** A call without an end. */
export function opened(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const call = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
  call.on('error', () => {});
  return call;
}

/** Its status, or undefined if it is closed without one. */
export const statusOf = (call: ClientHttp2Stream): Promise<number | undefined> => {
  call.resume();
  return endOf(call).then(({ status }) => status);
};

/** How it ends. Its answers have to be read. */
export const endOf = (call: ClientHttp2Stream): Promise<{ status?: number; details?: string }> =>
  new Promise((resolve) => {
    const answer = ({ 'grpc-status': status, 'grpc-message': details }: Record<string, unknown>) =>
      status !== undefined && resolve({ status: Number(status), details: decodeURIComponent(String(details)) });
    call.on('response', answer);
    call.on('trailers', answer);
    call.on('close', () => resolve({}));
  });

/** A message that claims to be of `claimed` bytes. */
export function messageOf(sent: Uint8Array, claimed = sent.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(claimed, 1);
  return Buffer.concat([head, sent]);
}

/** A field of a message: its number, a length of up to three bytes, and its content. */
export function field(number: number, content: Buffer): Buffer {
  const [a, b, c] = [content.length & 127, (content.length >> 7) & 127, content.length >> 14];
  return Buffer.concat([Buffer.from([number * 8 + 2, a | 128, b | 128, c]), content]);
}
