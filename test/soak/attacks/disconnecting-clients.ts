// Valid requests whose client disconnects before the answer: 100 per second.
import { type Attack, turns } from '../attack';
import { float, imageLength, pixelsPath } from '../networks';
import { openSocket, requestHead } from '../sockets';

export const attack: Attack = (target, tally) => {
  const { host, token, port } = target;
  const authorization = `Bearer ${token}`;
  const head = requestHead('POST', pixelsPath(float), {
    host,
    authorization,
    'content-length': imageLength(float),
  });
  return async (signal) => {
    for await (const _ of turns(100, signal)) {
      const socket = openSocket(target, port, tally);
      socket.write(head + '\0'.repeat(imageLength(float)), () => setTimeout(() => socket.resetAndDestroy(), Math.random() * 4));
    }
  };
};
