// Small files that claim, repeat or unpack to much: each is refused or read within bounds of memory and time, measured in a process of its own.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import t from 'tap';
import { describeModel } from '../../dist/files/float-file';
import { formatSafetensors } from '../../dist/io/safetensors';
import * as p from '../support/pickle-bytes';
import { smallNetwork } from '../support/small-network';
import { type Bomb, MB, measure, refused, skip, testBombs } from './bombs';

const header = (json: string | Buffer): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, Buffer.from(json)]);
};
/** A file of empty tensors whose header has about as many bytes. */
function manyEntries(bytes: number): Buffer {
  const entry = ':{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
  const count = Math.floor(bytes / (entry.length + 8));
  return header(`{${Array.from({ length: count }, (_, i) => `"${i.toString(36)}"${entry}`).join(',')}}`);
}
const repeat = (text: string, bytes: number) => Buffer.alloc(bytes, text);

function idxBomb(): Buffer {
  const bytes = Buffer.alloc(1000 * MB);
  bytes.set([0, 0, 8, 3]);
  bytes.writeUInt32BE((bytes.length - 16) / 1024, 4);
  bytes.writeUInt32BE(32, 8);
  bytes.writeUInt32BE(32, 12);
  return gzipSync(bytes, { level: 9 });
}

/** A list of lists of lists …, each ten times the one inside. */
function laughs(): Uint8Array {
  const code: number[] = [...p.text('lol')];
  for (let i = 0; i < 200; i++) code.push(0x71, i, 0x30, 0x28, ...Array(10).fill([0x68, i]).flat(), 0x74); // PUT, POP, and a tuple of ten
  const nested = Uint8Array.from([0x80, 2, 0x7d, 0x28, ...p.text('state_dict'), ...code, 0x75, 0x2e]);
  return zipSync({ 'archive/data.pkl': nested }, { level: 0 });
}
function dictLaughs(): Uint8Array {
  const code: number[] = [0x7d, ...[0x28, ...p.text('x.weight'), 0x4e, 0x75]];
  for (let i = 0; i < 60; i++) {
    code.push(0x71, i, 0x30, 0x7d, 0x28);
    for (let k = 0; k < 10; k++) code.push(...p.text(`k${k}`), 0x68, i);
    code.push(0x75);
  }
  return zipSync({ 'archive/data.pkl': Uint8Array.from([0x80, 2, ...code, 0x2e]) }, { level: 0 });
}
const pickleOf = (bytes: Uint8Array) => Buffer.concat([Buffer.from([0x80, 2]), bytes, Buffer.from('.')]);
/** A dict of as many numbers as there is room for. */
function numberDict(bytes: number): Buffer {
  const entry = Buffer.alloc(6);
  const entries = Buffer.alloc(bytes - (bytes % 6));
  for (let at = 0; at < entries.length; at += 6) {
    entry[0] = 0x4a;
    entry.writeInt32LE(at, 1);
    entry[5] = 0x4e;
    entries.set(entry, at);
  }
  return pickleOf(Buffer.concat([Buffer.from('}('), entries, Buffer.from('u')]));
}

const network = (change: object) => {
  const model = smallNetwork();
  const { addernet, ...rest } = describeModel(model, model.metadata);
  return formatSafetensors(model.stateDict(), { addernet: JSON.stringify({ ...JSON.parse(addernet!), ...change }), ...rest });
};

const bombs: readonly Bomb[] = [
  { name: 'idx of 1 GB in 1 MB of gzip', reader: 'idx', bytes: idxBomb, outcome: refused, maxMegabytes: 20, maxSeconds: 3 },
  { name: 'a header of 90 MB', reader: 'tensors', bytes: () => manyEntries(90 * MB), outcome: refused, maxMegabytes: 110, maxSeconds: 3 },
  {
    name: 'a header of 16 MB of tensors',
    reader: 'tensors',
    bytes: () => manyEntries(15.9 * MB),
    outcome: refused,
    maxMegabytes: 400,
    maxSeconds: 6,
  },
  {
    name: 'a header of 16 MB of lists',
    reader: 'tensors',
    bytes: () => header(`{"a":[${repeat('[],', 15 * MB)}[]]}`),
    outcome: refused,
    maxMegabytes: 60,
    maxSeconds: 3,
  },
  {
    name: 'a header of 16 MB of brackets',
    reader: 'tensors',
    bytes: () => header(`{"a":${repeat('[', 15 * MB)}`),
    outcome: refused,
    maxMegabytes: 60,
    maxSeconds: 3,
  },
  {
    name: 'a header of 16 MB of zeros',
    reader: 'tensors',
    bytes: () => header(`{"a":[${repeat('0,', 15 * MB)}0]}`),
    outcome: refused,
    maxMegabytes: 300,
    maxSeconds: 5,
  },
  {
    name: '1,000,000 class names',
    reader: 'load',
    bytes: () => network({ classes: 1_000_000, classNames: Array(1_000_000).fill('x') }),
    outcome: refused,
    maxMegabytes: 100,
    maxSeconds: 5,
  },
  { name: 'lists of lists of lists', reader: 'tensors', bytes: laughs, outcome: refused, maxMegabytes: 30, maxSeconds: 5 },
  { name: 'dicts of dicts of dicts', reader: 'tensors', bytes: dictLaughs, outcome: refused, maxMegabytes: 60, maxSeconds: 10 },
  {
    name: 'a pickle of 5 million None',
    reader: 'tensors',
    bytes: () => pickleOf(Buffer.concat([Buffer.from('('), repeat('N', 4_900_000), Buffer.from('t')])),
    outcome: refused,
    maxMegabytes: 350,
    maxSeconds: 5,
  },
  {
    name: 'a dict of 2 million numbers',
    reader: 'tensors',
    bytes: () => numberDict(14_900_000),
    outcome: refused,
    maxMegabytes: 550,
    maxSeconds: 10,
  },
  {
    name: 'a pickle of 19 million empty lists',
    reader: 'tensors',
    bytes: () => pickleOf(Buffer.concat([Buffer.from('('), repeat(']', 19_000_000), Buffer.from('t')])),
    outcome: refused,
    maxMegabytes: 250,
    maxSeconds: 5,
  },
  {
    name: 'labels of CIFAR that never end',
    reader: 'cifar',
    bytes: () =>
      pickleOf(
        Buffer.concat([Buffer.from('}('), Buffer.from(p.text('labels')), Buffer.from('('), repeat('K\x01', 9_000_000), Buffer.from('tu')]),
      ),
    outcome: refused,
    maxMegabytes: 200,
    maxSeconds: 5,
  },
  {
    name: 'an archive of 200,000 entries',
    reader: 'tensors',
    bytes: () => zipSync(Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`data/${i}`, new Uint8Array()])), { level: 0 }),
    outcome: refused,
    maxMegabytes: 60,
    maxSeconds: 10,
  },
  {
    name: 'a BMP of 50,000 x 50,000 pixels',
    reader: 'image',
    bytes: () => {
      const bytes = Buffer.alloc(1000);
      bytes.write('BM');
      bytes.writeUInt32LE(54, 10);
      bytes.writeUInt32LE(40, 14);
      bytes.writeInt32LE(50_000, 18);
      bytes.writeInt32LE(50_000, 22);
      bytes.writeUInt16LE(1, 26);
      bytes.writeUInt16LE(1, 28);
      return bytes;
    },
    outcome: /^AdderNetError ERR_ARGUMENT$/,
    maxMegabytes: 20,
    maxSeconds: 3,
  },
  {
    name: 'a PPM of 5,000 x 5,000 pixels',
    reader: 'image',
    bytes: () => Buffer.from('P6 5000 5000 255\n'),
    outcome: refused,
    maxMegabytes: 20,
    maxSeconds: 3,
  },
];

testBombs(bombs);

t.test('a folder of 130,000 images below a class', { skip }, (t) => {
  const folder = t.testdir({ a: { inner: {} }, b: { x: { '1.png': '', '2.png': '' } } });
  for (let i = 0; i < 130_000; i++) writeFileSync(join(folder, 'a/inner', `${i}.png`), '');
  const { outcome, message, megabytes } = measure('folder', folder);
  t.equal(outcome, 'read', message);
  t.ok(megabytes <= 200, `${megabytes} MB`);
  t.end();
});
