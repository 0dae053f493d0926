// Whose image is decoded when, and that inference and small images go on whatever is decoded.
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import t from 'tap';
import { decodingCost } from '../../dist/data/decoding-cost';
import { Decoder } from '../../dist/serve/decoder';
import { binaryRequest } from '../support/infer-requests';
import { expected, float, running } from '../support/running-server';

const never = new AbortController().signal;

const megabyte = 1e6;

/** A decoder whose work ends when it is let go on, by its name. Large images take a megabyte. */
function controlled(maxQueue: number, places: number, maxMemory = 100 * megabyte) {
  const decoder = new Decoder(maxQueue, maxMemory, places);
  const started: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const asks = (client: string, name: string, isLarge = false, signal = never, memory = megabyte) =>
    decoder.decode(
      client,
      { isLarge, memory, pixels: undefined },
      () =>
        new Promise<string>((resolve, reject) => {
          started.push(name);
          ends.set(name, (error) => (error ? reject(error) : resolve(name)));
        }),
      signal,
    );
  const end = async (name: string, error?: Error) => {
    ends.get(name)!(error);
    await setTimeout(1);
  };
  return { decoder, started, asks, end };
}

t.test('clients take turns', async (t) => {
  const { decoder, started, asks, end } = controlled(10, 1);
  const work = [asks('a', 'a1'), asks('a', 'a2'), asks('a', 'a3'), asks('b', 'b1')];
  t.equal(decoder.waiting, 3);
  for (const name of ['a1', 'a2', 'b1', 'a3']) await end(name);
  t.same(started, ['a1', 'a2', 'b1', 'a3']);
  t.same(await Promise.all(work), ['a1', 'a2', 'a3', 'b1']);
  t.equal(decoder.waiting, 0);
});

t.test('large images leave a place to small ones, and small ones to large ones', async (t) => {
  const { started, asks, end } = controlled(10, 3);
  const work = [...['l1', 'l2', 'l3'].map((name) => asks('a', name, true)), ...['s1', 's2', 's3'].map((name) => asks('a', name))];
  t.same(started, ['l1', 'l2', 's1']);
  await end('s1');
  t.same(started.at(-1), 's2', 'the third place is of small ones');
  await end('l1');
  t.same(started.at(-1), 'l3', 'the others are of large ones first');
  await end('l2');
  t.same(started.at(-1), 's3');
  for (const name of ['l3', 's2', 's3']) await end(name);
  await Promise.all(work);
});

t.test('the memory of large images is bounded, in turn, and small ones do not wait for it', async (t) => {
  const { decoder, started, asks, end } = controlled(10, 4, 10 * megabyte);
  await t.rejects(asks('a', 'l11', true, never, 11 * megabyte), { statusCode: 413, message: /11 MB .* at most 10 MB .*--max-decoding/ });
  const large = (client: string, name: string, memory: number) => asks(client, name, true, never, memory * megabyte);
  const leaving = new AbortController();
  const settled = Promise.allSettled([
    large('a', 'a6', 6),
    large('a', 'a5', 5),
    large('b', 'b5', 5),
    large('b', 'b1', 1),
    asks('c', 'c1', false, never, 100 * megabyte),
  ]);
  const left = t.rejects(asks('d', 'd9', true, leaving.signal, 9 * megabyte), { message: 'gone' });
  t.same(started, ['a6', 'c1'], 'what takes less memory does not pass the next one');
  await end('a6');
  t.same(started.slice(2), ['a5', 'b5']);
  leaving.abort(new Error('gone'));
  await left;
  await end('a5', new Error('damaged'));
  t.same(started.slice(4), ['b1']);
  for (const name of ['b5', 'b1', 'c1']) await end(name);
  t.match(await settled, [{ value: 'a6' }, { reason: { message: 'damaged' } }, { value: 'b5' }, { value: 'b1' }, {}]);
  t.equal(decoder.waiting, 0);
});

t.test('what waits is bounded, ends when its signal aborts, and what fails frees its place', async (t) => {
  const { decoder, started, asks, end } = controlled(2, 1);
  const first = asks('a', 'a1');
  const [second, third] = [asks('a', 'a2'), t.rejects(asks('a', 'a3'), { statusCode: 503, retryAfter: 1, message: /wait to be decoded/ })];
  await t.rejects(asks('a', 'a4'), { statusCode: 503, message: /busy/ }, 'who has most');
  const other = asks('b', 'b1');
  await third;
  const leaving = new AbortController();
  await t.rejects(asks('c', 'c1', false, leaving.signal), { statusCode: 503, message: /busy/ });
  t.equal(decoder.waiting, 2);
  const failed = t.rejects(first, { message: 'damaged' });
  await end('a1', new Error('damaged'));
  await failed;
  const late = asks('c', 'c2', false, leaving.signal);
  leaving.abort(new Error('too late'));
  await t.rejects(late, { message: 'too late' });
  await t.rejects(asks('c', 'c3', false, leaving.signal), { message: 'too late' });
  t.equal(decoder.waiting, 1);
  await end('a2');
  await end('b1');
  t.same(await Promise.all([second, other]), ['a2', 'b1']);
  t.same(started, ['a1', 'a2', 'b1']);
});

t.test('what is large is known from the first bytes', async (t) => {
  const image = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: 'red' } });
  const costOf = (bytes: Buffer) => decodingCost(bytes, 25e6);
  const formats: Record<string, (image: sharp.Sharp) => sharp.Sharp> = {
    png: (image) => image.png(),
    'interlaced png': (image) => image.png({ progressive: true }),
    jpeg: (image) => image.jpeg(),
    'progressive jpeg': (image) => image.jpeg({ progressive: true }),
    gif: (image) => image.gif(),
    webp: (image) => image.webp(),
    'lossless webp': (image) => image.webp({ lossless: true }),
  };
  for (const [name, format] of Object.entries(formats)) {
    t.match(costOf(await format(image(1000, 1000)).toBuffer()), { pixels: 1_000_000, isLarge: false }, `small ${name}`);
    t.match(costOf(await format(image(1500, 1000)).toBuffer()), { pixels: 1_500_000, isLarge: true }, `large ${name}`);
  }
  for (const format of [image(500, 400).tiff(), image(500, 400).avif({ effort: 0 })])
    t.match(costOf(await format.toBuffer()), { pixels: 200_000, isLarge: false });
  for (const format of [image(1000, 400).tiff(), image(1000, 400).tiff({ bigtiff: true }), image(1000, 400).avif({ effort: 0 })])
    t.ok(costOf(await format.toBuffer()).isLarge, 'takes more than its pixels say');
  for (const text of ['', 'GIF', 'no image, but a text of more than 32 bytes'])
    t.match(costOf(Buffer.from(text)), { isLarge: false, memory: text.length }, 'is refused at once');
});

/** The 4 or 8 bytes in a file in which an image says its width and height. */
const sizes: Record<string, readonly [at: (file: Buffer) => number, set: (file: Buffer, at: number) => void]> = {
  gif: [() => 6, (file, at) => file.writeUInt32LE(0x00010001, at)],
  avif: [(file) => file.indexOf('ispe') + 8, (file, at) => file.fill(Buffer.from([0, 0, 0, 1]), at, at + 8)],
};

t.test('a file with more pixels than its header says is refused', async (t) => {
  const { url } = await running(t);
  for (const [format, [find, set]] of Object.entries(sizes)) {
    const file = await sharp({ create: { width: 500, height: 400, channels: 3, background: 'red' } })
      .toFormat(format as 'gif')
      .toBuffer();
    set(file, find(file));
    t.equal(decodingCost(file, 25e6).pixels, 1);
    const response = await fetch(`${url}/v2/models/${float}/classify`, { method: 'POST', body: file });
    t.equal(response.status, 400);
    t.match(await response.text(), format === 'gif' ? /more pixels than the 1 of its header/ : /damaged/);
  }
});

t.test('50 slow images at a time: inference and small images go on, and the wait for them ends in time', async (t) => {
  const timeout = 10_000;
  const { url } = await running(t, { timeout, maxPixels: 25e6, maxBody: 8 << 20 });
  const slow = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'gray' } })
    .avif({ effort: 0 })
    .toBuffer();
  const small = await sharp({ create: { width: 28, height: 28, channels: 3, background: 'gray' } })
    .png()
    .toBuffer();
  const { x, y } = await expected(float, 1);
  const binary = binaryRequest(x, 'FP32', { parameters: { binary_data_output: true } });
  const timed = async (path: string, init: RequestInit) => {
    const began = performance.now();
    const response = await fetch(`${url}/v2/models/${float}/${path}`, { method: 'POST', ...init });
    const body = await response.arrayBuffer();
    return { status: response.status, body, ms: performance.now() - began };
  };
  const quiet: number[] = [];
  for (let i = 0; i < 20; i++) quiet.push((await timed('infer', binary)).ms, (await timed('classify', { body: small })).ms);
  const attack = Array.from({ length: 50 }, () => timed('classify', { body: slow }));
  await setTimeout(100);
  const [infers, smalls]: [number[], number[]] = [[], []];
  for (let i = 0; i < 20; i++) {
    const inference = await timed('infer', binary);
    t.equal(inference.status, 200);
    t.same(new Float32Array(inference.body.slice(-4 * y.size)), y.data);
    infers.push(inference.ms);
    const image = await timed('classify', { body: small });
    t.equal(image.status, 200);
    smalls.push(image.ms);
  }
  const answers = await Promise.all(attack);
  for (const { status, ms } of answers) {
    t.ok([200, 503].includes(status), `${status}`);
    t.ok(ms < timeout + 2000, `answered after ${ms.toFixed()} ms`);
  }
  t.ok(
    answers.some(({ status }) => status === 200),
    'some of them are decoded',
  );
  const worst = (times: number[]) => Math.max(...times);
  const bound = 1000 + 3 * worst(quiet);
  t.comment(
    `quiet at most ${worst(quiet).toFixed()} ms, inference at most ${worst(infers).toFixed()} ms, small images ${worst(smalls).toFixed()} ms`,
  );
  t.ok(worst(infers) < bound, `inference took ${worst(infers).toFixed()} ms`);
  t.ok(worst(smalls) < bound, `a small image took ${worst(smalls).toFixed()} ms`);
});
