// Requests without the token, with half of it, with another scheme, with a long one: 100 per second, over HTTP and gRPC.
import { type Attack, turns } from '../attack';
import { messageHead, openCall, openSession } from '../grpc-connections';
import { float, inferPath } from '../networks';
import { send } from '../requests';

export const attack: Attack = (target, tally) => async (signal) => {
  const session = openSession(target, tally);
  const { token } = target;
  const wrong = ['', 'Bearer', `Bearer ${token.slice(0, 4)}`, `Bearer ${token} `.repeat(2), `Basic ${token}`, `Bearer ${'x'.repeat(8000)}`];
  let i = 0;
  for await (const _ of turns(100, signal)) {
    const authorization = wrong[i++ % wrong.length]!;
    if (i % 4 === 0) openCall(session, tally, `wrong ${i}`)?.end(messageHead(0));
    else void send(target, tally, { path: inferPath(float), headers: { authorization }, body: Buffer.alloc(100_000) });
  }
};
