// Finite images of up to 3.4e38, which overflow within a network: 100 per second, beside the images of others in the same batches.
import { type Attack, turns } from '../attack';
import { imageLength, inferPath, networks } from '../networks';
import { rawHeaders, send } from '../requests';

const largest = 3.4e38;
const values: ((i: number) => number)[] = [
  () => largest,
  () => -largest,
  (i) => (i % 2 ? largest : -largest),
  (i) => (i === 400 ? largest : 0),
  () => largest * (2 * Math.random() - 1),
];
const requests = networks.flatMap((network) =>
  values.map((value) => ({
    path: inferPath(network),
    headers: rawHeaders,
    body: Buffer.from(Float32Array.from({ length: imageLength(network) }, (_, i) => value(i)).buffer),
  })),
);

export const attack: Attack = (target, tally) => async (signal) => {
  let i = 0;
  for await (const _ of turns(100, signal)) void send(target, tally, requests[i++ % requests.length]!);
};
