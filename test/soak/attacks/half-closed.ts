// Clients that send a part of a request, or all of it, and close their side: 100 per second, 500 at once.
import type { Attack } from '../attack';
import { float, pixelsPath } from '../networks';
import { keepOpen, openSocket, requestHead } from '../sockets';

export const attack: Attack = (target, tally) => {
  const { host, token } = target;
  const head = requestHead('POST', pixelsPath(float), {
    host,
    authorization: `Bearer ${token}`,
    'content-length': 784,
  });
  const parts = ['', head.slice(0, 40), head, head + '\0'.repeat(300), head + '\0'.repeat(784)];
  let i = 0;
  return (signal) =>
    keepOpen(() => openSocket(target, target.port, tally).end(parts[i++ % parts.length]!), { count: 500, perSecond: 100 }, signal);
};
