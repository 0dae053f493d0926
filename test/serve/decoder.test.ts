// Whose image is decoded when, and that inference and small images go on whatever is decoded.
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import t from 'tap';
import { isLargeFile } from '../../dist/data/decoding-cost';
import { Decoder } from '../../dist/serve/decoder';
import { binaryRequest } from '../support/infer-requests';
import { expected, float, running } from '../support/running-server';

const never = new AbortController().signal;

/** A decoder whose work ends when it is let go on, by its name. */
function controlled(maxQueue: number, places: number) {
  const decoder = new Decoder(maxQueue, places);
  const started: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const asks = (client: string, name: string, isLarge = false, signal = never) =>
    decoder.decode(
      client,
      isLarge,
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
  for (const format of ['png', 'jpeg', 'gif', 'webp'] as const) {
    t.notOk(isLargeFile(await image(1000, 1000).toFormat(format).toBuffer()), `small ${format}`);
    t.ok(isLargeFile(await image(1500, 1000).toFormat(format).toBuffer()), `large ${format}`);
  }
  t.notOk(isLargeFile(await image(1000, 1000).webp({ lossless: true }).toBuffer()));
  t.ok(isLargeFile(await image(1500, 1000).webp({ lossless: true }).toBuffer()));
  t.ok(isLargeFile(await image(10, 10).tiff().toBuffer()), 'its size is not in the first bytes');
  for (const text of ['', 'GIF', 'no image']) t.notOk(isLargeFile(Buffer.from(text)), 'is refused at once');
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
