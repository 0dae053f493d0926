// The last answer of a connection, where there is no reply object for it.
import type { Socket } from 'node:net';

/** In milliseconds: how long a client may take to read the answer and to close its side. */
const linger = 1000;

/** Sends an answer, then closes the connection, whatever the client does. What it sends meanwhile is discarded. */
export function answerAndClose(socket: Socket, status: string, error: string, headers: Record<string, string> = {}): void {
  if (socket.writableEnded) return;
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify({ error });
  const fields = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), Connection: 'close', ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), linger);
  socket.once('close', () => clearTimeout(timer));
}
