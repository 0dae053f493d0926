// Triton's extensions of the protocol: classification, configuration, statistics, the index of the repository.
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { load } from '../../dist';
import { asJson, binaryRequest, input } from '../support/infer-requests';
import { bytes, expected, float, running } from '../support/running-server';

const infer = `/v2/models/${float}/infer`;

/** "logit:class:name" of the `count` largest of ten logits. */
const namedClasses = (row: Float32Array, names: readonly string[], count: number) =>
  [...row]
    .map((logit, index) => ({ logit, index }))
    .sort((a, b) => b.logit - a.logit)
    .slice(0, count)
    .map(({ logit, index }) => `${logit.toFixed(6)}:${index}:${names[index]}`);

t.test('classification: classes instead of logits', async (t) => {
  const { url } = await running(t);
  const { x, y } = await expected(float, 2);
  const { classNames } = (await load(float)).metadata;
  const rows = [y.data.subarray(0, 10), y.data.subarray(10, 20)];
  for (const [asked, count] of [
    [1, 1],
    [3, 3],
    [10, 10],
    [1000, 10],
  ] as const) {
    const outputs = [{ name: 'logits', parameters: { classification: asked } }];
    const response = await fetch(url + infer, asJson({ inputs: [input(x, 'FP32')], outputs }));
    t.equal(response.status, 200);
    const wanted = rows.flatMap((row) => namedClasses(row, classNames!, count));
    const answer = (await response.json()) as { outputs: object[] };
    t.same(answer.outputs, [{ name: 'logits', datatype: 'BYTES', shape: [2, count], data: wanted }], `${asked} classes`);

    const binary = await fetch(
      url + infer,
      binaryRequest(x, 'FP32', { outputs: [{ name: 'logits', parameters: { classification: asked, binary_data: true } }] }),
    );
    const body = Buffer.from(await binary.arrayBuffer());
    const length = Number(binary.headers.get('inference-header-content-length'));
    const [output] = JSON.parse(body.subarray(0, length).toString()).outputs;
    t.match(output, { datatype: 'BYTES', shape: [2, count], parameters: { binary_data_size: body.length - length } });
    const texts: string[] = [];
    for (let place = length; place < body.length; ) {
      const size = body.readUInt32LE(place);
      texts.push(body.toString('utf8', place + 4, place + 4 + size));
      place += 4 + size;
    }
    t.same(texts, wanted, 'in bytes, each after its length');
  }
});

t.test('configuration', async (t) => {
  const { url } = await running(t, { maxBatch: 16, maxDelay: 1.5 });
  for (const path of [`/v2/models/${float}/config`, `/v2/models/${float}/versions/1/config`]) {
    const response = await fetch(url + path);
    t.equal(response.status, 200);
    t.match(await response.json(), {
      name: float,
      max_batch_size: 16,
      input: [{ name: 'input', data_type: 'TYPE_FP32', format: 'FORMAT_NHWC', dims: [28, 28, 1] }],
      output: [{ name: 'logits', data_type: 'TYPE_FP32', dims: [10] }],
      dynamic_batching: { max_queue_delay_microseconds: 1500 },
    });
  }
  t.equal((await fetch(`${url}/v2/models/none/config`)).status, 404);
  t.equal((await fetch(`${url}/v2/models/${float}/versions/2/config`)).status, 404);
});

t.test('statistics', async (t) => {
  const { url } = await running(t, { maxDelay: 100, timeout: 1000 });
  const statistics = async (path = '/v2/models/stats') => {
    const response = await fetch(url + path);
    t.equal(response.status, 200, path);
    return ((await response.json()) as { model_stats: { name: string; inference_stats: Record<string, { count: number; ns: number }> }[] })
      .model_stats;
  };
  const [before] = await statistics();
  t.match(before, { name: float, last_inference: 0, inference_count: 0, execution_count: 0, batch_stats: [] });
  const began = Date.now();
  const ask = async (count: number) => fetch(url + infer, asJson({ inputs: [input((await expected(float, count)).x, 'FP32')] }));
  await Promise.all([ask(1), ask(1)]); // one batch
  await ask(5);
  t.equal((await fetch(url + infer, asJson({}))).status, 400, 'what is no request is none of the network');
  const all = await statistics();
  t.same(
    all.map(({ name }) => name),
    [float, bytes],
  );
  for (const path of [`/v2/models/${float}/stats`, `/v2/models/${float}/versions/1/stats`]) {
    const [own, ...others] = (await statistics(path)) as unknown as Record<string, never>[];
    t.equal(others.length, 0);
    t.match(own, {
      ...{ name: float, version: '1', inference_count: 7, execution_count: 2 },
      inference_stats: { success: { count: 3 }, fail: { count: 0, ns: 0 }, queue: { count: 3 }, compute_infer: { count: 3 } },
      batch_stats: [
        { batch_size: 2, compute_infer: { count: 1 } },
        { batch_size: 5, compute_infer: { count: 1 } },
      ],
    });
    const { last_inference, inference_stats } = own as unknown as {
      last_inference: number;
      inference_stats: Record<string, { ns: number }>;
    };
    t.ok(last_inference >= began && last_inference <= Date.now());
    const { success, queue, compute_infer } = inference_stats;
    t.ok(queue!.ns > 90e6, `${queue!.ns} ns of waiting`);
    t.ok(success!.ns >= queue!.ns + compute_infer!.ns, 'all of it takes as long as its parts');
  }
  t.equal((await fetch(`${url}/v2/models/none/stats`)).status, 404);
});

t.test('statistics: who waits too long fails', async (t) => {
  const { url } = await running(t, { maxDelay: 1000, timeout: 200 });
  const { x } = await expected(float, 1);
  t.equal((await fetch(url + infer, asJson({ inputs: [input(x, 'FP32')] }))).status, 503);
  await setTimeout(10);
  const { model_stats } = (await (await fetch(`${url}/v2/models/${float}/stats`)).json()) as {
    model_stats: [{ inference_stats: { success: object; fail: { count: number; ns: number } } }];
  };
  const { success, fail } = model_stats[0].inference_stats;
  t.match([success, fail], [{ count: 0 }, { count: 1 }]);
  t.ok(fail.ns > 150e6);
});

t.test('the repository: what there is, but neither loading nor unloading', async (t) => {
  const { url } = await running(t, { weights: [float, 'broken=none.safetensors'] });
  const index = async (body?: string) => {
    const response = await fetch(`${url}/v2/repository/index`, { method: 'POST', body: body ?? null });
    return { status: response.status, body: (await response.json()) as object };
  };
  const ready = { name: float, version: '1', state: 'READY' };
  const broken = { name: 'broken', version: '1', state: 'UNAVAILABLE', reason: 'the log of the server says why' };
  for (const body of [undefined, '{}', '{"ready":false}', '{"ready":null}'])
    t.match(await index(body), { status: 200, body: [ready, broken] });
  t.same(await index('{"ready":true}'), { status: 200, body: [ready] });
  for (const body of ['{"ready":1}', '{"ready":"true"}', '[]', 'x'])
    t.match(await index(body), { status: 400, body: { error: String } }, body);
  for (const action of ['load', 'unload']) {
    const response = await fetch(`${url}/v2/repository/models/${float}/${action}`, { method: 'POST' });
    t.match(
      { status: response.status, ...((await response.json()) as object) },
      { status: 501, error: /cannot be loaded or unloaded .*--weights/ },
    );
  }
});
