// What a request may do without changing the answers to others: numbers out of range, many images, a long wait.
import { setTimeout } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { layers, Model, save, Tensor } from '../../dist';
import { Batcher } from '../../dist/serve/batcher';
import { Decoder } from '../../dist/serve/decoder';
import { inferWithTimeout } from '../../dist/serve/infer-with-timeout';
import type { ServedModel } from '../../dist/serve/model-store';
import { ModelStatistics } from '../../dist/serve/statistics';
import { asJson, binaryRequest, input } from '../support/infer-requests';
import { expected, float, running } from '../support/running-server';
import { smallMetadata } from '../support/small-network';

const infer = (url: string, name: string, request: RequestInit) => fetch(`${url}/v2/models/${name}/infer`, request);
const logitsOf = async (response: Response): Promise<number[]> =>
  ((await response.json()) as { outputs: [{ data: number[] }] }).outputs[0].data;
/** Two images, of which the one is out of range where it is given. */
const images = (wrong?: number): Tensor => {
  const x = Tensor.zeros([2, 32, 32, 3]);
  x.data.forEach((_, i) => {
    x.data[i] = wrong === Math.floor(i / 3072) ? (-1) ** i * 3.4e38 : Math.sin(i);
  });
  return x;
};
const networks = ['resnet20-cifar10-8bit', 'resnet20-cifar10'];

t.test('numbers that are finite but too large fail their own request alone', async (t) => {
  const { url } = await running(t, { weights: networks, maxDelay: 20 });
  const right = asJson({ inputs: [input(images(), 'FP32')] });
  const wrong = asJson({ inputs: [input(images(1), 'FP32')] });
  const classes = asJson({ inputs: [input(images(0), 'FP32')], outputs: [{ name: 'logits', parameters: { classification: 2 } }] });
  for (const name of networks) {
    const alone = await logitsOf(await infer(url, name, right));
    t.ok(alone.length === 20 && alone.every(Number.isFinite));
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => infer(url, name, i % 3 === 0 ? wrong : i % 3 === 1 ? right : classes)),
    );
    for (const [i, response] of answers.entries())
      if (i % 3 === 1) {
        t.equal(response.status, 200);
        t.same(await logitsOf(response), alone, `${name}: as if alone`);
      } else {
        t.equal(response.status, 400);
        t.match(await response.json(), { error: `image ${i % 3 === 0 ? 1 : 0} of the request is out of range` });
      }
  }
});

/** A network whose logits for any image are infinite. */
async function overflowing(t: Test): Promise<string> {
  const fc = new layers.Conv2d(1, 3, { kernel: 6 });
  fc.filters.value.data.fill(3e38);
  const path = `${t.testdir()}/overflowing.safetensors`;
  await save(new Model({ fc, flatten: new layers.Flatten() }, smallMetadata), path);
  return path;
}

t.test('outputs that are not finite are errors, never null', async (t) => {
  const { url } = await running(t, { weights: [await overflowing(t)] });
  const white = new Tensor(new Uint8Array(36).fill(255), [1, 6, 6, 1]);
  const expected = { error: /image 0 of the request is out of range: the outputs of the network for it are not finite/ };
  for (const request of [asJson({ inputs: [input(white, 'UINT8')] }), binaryRequest(white, 'UINT8', {})]) {
    const response = await infer(url, 'overflowing', request);
    t.equal(response.status, 400);
    t.match(await response.json(), expected);
  }
  const response = await fetch(`${url}/v2/models/overflowing/classify?width=6&height=6`, { method: 'POST', body: white.data });
  t.equal(response.status, 400);
  t.match(await response.json(), expected);
});

t.test('requests of many images are split, and do not keep others waiting', async (t) => {
  const { url } = await running(t, { maxQueue: 256, maxBody: 8 << 20 });
  const { x, y } = await expected(float, 1);
  const giant = new Tensor(new Float32Array(250 * 784), [250, 28, 28, 1]);
  for (let i = 0; i < 250; i++) giant.data.set(x.data, i * 784);
  const binary = { parameters: { binary_data_output: true } };
  const single = binaryRequest(x, 'FP32', binary);
  let isOver = false;
  const giants = Array.from({ length: 3 }, async () => {
    const statuses: number[] = [];
    while (!isOver) {
      const response = await infer(url, float, binaryRequest(giant, 'FP32', binary));
      statuses.push(response.status);
      const body = await response.arrayBuffer();
      if (response.status !== 200) await setTimeout(5);
      else t.same(new Float32Array(body.slice(-10_000)).subarray(-10), y.data, 'the last image of a large request');
    }
    return statuses;
  });
  await setTimeout(50);
  for (let i = 0; i < 100; i++) {
    const response = await infer(url, float, single);
    await response.arrayBuffer();
    t.equal(response.status, 200, `request ${i} of one image`);
  }
  isOver = true;
  const statuses = (await Promise.all(giants)).flat();
  t.ok(statuses.includes(200), 'large requests are answered, too');
  for (const status of statuses) t.ok([200, 503].includes(status));
  const response = await infer(url, float, binaryRequest(new Tensor(new Float32Array(257 * 784), [257, 28, 28, 1]), 'FP32', {}));
  t.equal(response.status, 413);
  t.match(await response.json(), { error: /the request has at least 257 images, but at most 256 may wait \(--max-queue\)/ });
});

t.test('the timeout ends the reading of long JSON', async (t) => {
  const { server } = await running(t, { timeout: 1, maxBody: 8 << 20 });
  const zeros = '0,'.repeat(2e6);
  const payload = `{"inputs":[{"name":"input","shape":[1,28,28,1],"datatype":"FP32","data":[${zeros}0]}]}`;
  const response = await server.app.inject({ method: 'POST', url: `/v2/models/${float}/infer`, headers: { host: 'localhost' }, payload });
  t.match(response, { statusCode: 503, body: /no result within 1 ms/ }, 'before it is found to be wrong');
});

t.test('the timeout ends the wait for a batch that runs and for an image that is decoded, of one request alone', async (t) => {
  const stuck = new Batcher(() => new Promise(() => {}), { maxBatch: 1, maxDelay: 0, maxQueue: 8 });
  const model = { batcher: stuck, statistics: new ModelStatistics() } as unknown as ServedModel;
  const client = new AbortController();
  const ask = (input: Parameters<typeof inferWithTimeout>[1]) => inferWithTimeout(model, input, 50, { key: 'a', signal: client.signal });
  const late = { statusCode: 503, retryAfter: 1, message: /no result within 50 ms/ };
  const x = new Tensor(new Float32Array(1), [1, 1]);
  const began = performance.now();
  await Promise.all([t.rejects(ask(x), late, 'its batch runs'), t.rejects(ask(x), late, 'it waits for that batch')]);
  const decoder = new Decoder(8, 1, 1);
  const decoding = (signal: AbortSignal) =>
    decoder.decode('a', { isLarge: false, memory: 1, pixels: 1 }, () => new Promise<Tensor>(() => {}), signal);
  await Promise.all([t.rejects(ask(decoding), late, 'its image is decoded'), t.rejects(ask(decoding), late, 'its image waits')]);
  t.ok(performance.now() - began < 2000);
  t.equal(stuck.queuedImages + decoder.waiting, 0);
  t.notOk(client.signal.aborted, 'other requests of the client go on');
  const gone = ask(decoding);
  client.abort(new Error('gone'));
  await t.rejects(gone, { message: 'gone' });
  await t.rejects(ask(x), { message: 'gone' });
});
