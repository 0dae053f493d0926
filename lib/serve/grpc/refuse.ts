// Ends calls whose client may still be sending.
import type { ServerHttp2Stream } from 'node:http2';
import { type CallStatus, trailersOf } from './status';

export const responseHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
};

/** In milliseconds. Some clients drop an answer if the reset of its stream comes with it; most end their side by then. */
const resetDelay = 10;

/** Ends a call that gets no answer but its status. */
export function refuse(stream: ServerHttp2Stream, status: CallStatus): void {
  if (stream.destroyed || stream.closed) return;
  stream.pause(); // Node resets a stream at once if it is neither read nor paused.
  stream.respond({ ...responseHeaders, ...trailersOf(status) }, { endStream: true });
  closeSoon(stream);
}

/** Has the client send no more, once it can have read what was sent to it. */
export function closeSoon(stream: ServerHttp2Stream): void {
  setTimeout(() => {
    stream.close();
    stream.resume();
  }, resetDelay);
}
