// What a page of another site makes a browser send: a name that was bound to this address, a form, a script. 50 per second.
import { type Attack, turns } from '../attack';
import { float, pixelsPath } from '../networks';
import { send } from '../requests';

const headers: Record<string, string>[] = [
  { host: 'attacker.example' },
  { host: 'attacker.example:8080', origin: 'http://attacker.example:8080' },
  { origin: 'http://attacker.example', 'content-type': 'text/plain' },
  { origin: 'null', 'sec-fetch-site': 'cross-site' },
];

export const attack: Attack = (target, tally) => async (signal) => {
  let i = 0;
  for await (const _ of turns(50, signal)) {
    const path = pixelsPath(float);
    void send(target, tally, { path, headers: headers[i++ % headers.length]!, body: Buffer.alloc(784) });
  }
};
