// Bytes that arrive in pieces: counted before they are taken, and freed when they are copied or given up, not when garbage is collected.
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { native } from '../../dist/binding';
import { FairBudget } from '../../dist/serve/fair-budget';
import { freeMemory, GrowingBuffer } from '../../dist/serve/growing-buffer';
import { decompress } from '../../dist/serve/grpc/decompress';
import { HeldBytes } from '../../dist/serve/held-bytes';
import { readBody } from '../../dist/serve/request-body';

const kib = 1 << 10;
const tooLarge = () => new Error('too large');
const piece = (length: number, value = 7) => Buffer.allocUnsafeSlow(length).fill(value);
/** Pieces of all of their memory, as sockets give them. */
const piecesOf = (bytes: Buffer, length = 64 * kib) =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
    Buffer.from(new Uint8Array(bytes.subarray(i * length, (i + 1) * length)).buffer),
  );

t.test('memory follows what has arrived', async (t) => {
  const grown: number[] = [];
  const of = (expected?: number) =>
    new GrowingBuffer({ max: 1000 * kib, expected, grow: (bytes) => void grown.push(bytes / kib), tooLarge });
  const claimed = of(1000 * kib);
  for (let i = 0; i < 125; i++) claimed.append(piece(8 * kib, i));
  t.same(grown.splice(0), [64, 7 * 64, 1000 - 512], 'with a claim, up to eight times as much');
  t.equal(claimed.missing, 0);
  t.ok(claimed.bytes().every((value, i) => value === i >> 13));
  t.throws(() => claimed.append(piece(1)), tooLarge());
  claimed.free();
  claimed.free();
  t.same(grown.splice(0), [-1000]);
  t.equal(claimed.length, 0);

  const short = of(10 * kib);
  short.append(piece(kib));
  t.same(grown.splice(0), [10], 'a short claim at once');
  const unclaimed = of();
  for (const length of [3, 1, 1, 90, 3]) unclaimed.append(piece(length * kib));
  t.same(grown.splice(0), [3, 3, 89, 95], 'without a claim, up to twice as much');
});

t.test('what may not grow stays as it is', async (t) => {
  const buffer = new GrowingBuffer({
    max: 1000,
    grow: (bytes) => {
      if (bytes > 10) throw new Error('no room');
    },
    tooLarge,
  });
  buffer.append(piece(10));
  t.throws(() => buffer.append(piece(20)), { message: 'no room' });
  t.same(buffer.bytes(), piece(10));
});

t.test('only all of a memory is freed', async (t) => {
  const memory = Buffer.from(new ArrayBuffer(100));
  freeMemory(memory.subarray(1));
  t.equal(memory.length, 100);
  t.throws(() => native().freeArray(memory.subarray(1)), { code: 'ERR_ARGUMENT', message: /bytes is not all of an ArrayBuffer/ });
  t.throws(() => native().freeArray(new Uint8Array(new SharedArrayBuffer(8))), { code: 'ERR_ARGUMENT' });
  freeMemory(memory);
  t.equal(memory.length, 0);
  freeMemory(memory);
});

t.test('the pieces of a body are freed as they are read', async (t) => {
  const content = Buffer.from(Float64Array.from({ length: 100_000 }, Math.sin).buffer);
  for (const encoding of ['identity', 'gzip']) {
    let held = 0;
    const holder = {
      grow: (bytes: number) => {
        held += bytes;
      },
      filling: (fill: ConstructorParameters<typeof Promise<void>>[0]) => new Promise<void>(fill),
    };
    const sent = encoding === 'gzip' ? gzipSync(content) : content;
    const read = async (maxBody: number) => {
      held = 0;
      const pieces = piecesOf(sent);
      const headers = { 'content-encoding': encoding };
      const request = { headers, raw: Readable.from(pieces) } as unknown as Parameters<typeof readBody>[0];
      const body = await readBody(request, holder, maxBody);
      t.ok(
        pieces.every(({ length }) => length === 0),
        `${encoding}: all pieces are free`,
      );
      return body;
    };
    t.same(await read(2 * content.length), content);
    t.ok(held >= content.length && held <= 4 * content.length, `${held}`);
    await t.rejects(read(sent.length - 1), { message: /too large/ });
    t.equal(held, 0, 'what was refused holds nothing');
  }
});

t.test('what is given back after the answer, or after the client has gone, is no error', async (t) => {
  const response = new EventEmitter();
  const request = { raw: { socket: { remoteAddress: '127.0.0.1' } } };
  const budget = new FairBudget(100);
  const held = new HeldBytes(budget, request as never, { raw: response } as never);
  held.grow(50);
  response.emit('close');
  t.equal(budget.used, 0);
  held.grow(-50);
  t.throws(() => held.grow(1), { message: /as many bytes/ });
  t.equal(budget.used, 0);
});

t.test('a compressed message is free once it is decompressed', async (t) => {
  const content = piece(300 * kib);
  const message = Buffer.from(new Uint8Array(gzipSync(content)).buffer);
  let held = message.length;
  const grow = (bytes: number) => {
    held += bytes;
  };
  t.same(await decompress(message, 'gzip', 1 << 20, grow), content);
  t.equal(message.length, 0);
  t.ok(held >= content.length && held <= 2 * content.length, `${held}`);
});
