// Clients that send 1,000 requests at once, without waiting for answers: five per second.
import { type Attack, turns } from '../attack';
import { openSocket, requestHead } from '../sockets';

export const attack: Attack = (target, tally) => {
  const requests = requestHead('GET', '/v2/health/live', { host: target.host }).repeat(1000);
  return async (signal) => {
    for await (const _ of turns(5, signal)) {
      const socket = openSocket(target, target.port, tally);
      socket.write(requests);
      setTimeout(() => socket.destroy(), 5000);
    }
  };
};
