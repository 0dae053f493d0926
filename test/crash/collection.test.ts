// Garbage is collected while native code is at work on buffers, sessions and batches that JavaScript has forgotten: results stay right.
import { spawnSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { compile, type InferenceSession, type Model, models, quantize, Tensor } from '../../dist';
import { isLong } from '../support/long';
import { calibrate, randomize } from '../support/random-network';
import { library } from '../support/repository';
import { normal } from '../support/tensors';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

let collections = 0;

/** Collects at once and in every turn of the event loop until `work` is done. */
async function whileCollecting<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const collect = () => {
    collectGarbage();
    collections++;
    if (!done) setImmediate(collect);
  };
  collect();
  return await work.finally(() => {
    done = true;
  });
}

t.test('runs whose session, input and outputs are forgotten', async (t) => {
  const model: Model = calibrate(randomize(models.lenet5bn({ seed: 1 }), 2), normal([4, 28, 28, 1], 3));
  const networks = [model, await quantize(model, normal([8, 28, 28, 1], 4))];
  for (const network of networks) {
    const reference = await compile(network);
    const expected = [1, 2, 3, 4].map((seed) => [...reference.runSync(normal([8, 28, 28, 1], seed)).data]);
    const rounds = isLong ? 500 : 10;
    for (let round = 0; round < rounds; round++)
      await whileCollecting(
        (async () => {
          const forgotten = [1, 2, 3, 4].map(async (seed) => {
            const { data } = await (await compile(network)).run(normal([8, 28, 28, 1], seed));
            return [...data];
          });
          const session: InferenceSession = await compile(network);
          void session.run(normal([64, 28, 28, 1], 5)); // whose result is not awaited
          t.same(await Promise.all(forgotten), expected, { diagnostic: false });
        })(),
      );
    reference.dispose();
    t.ok(collections >= rounds, `${collections} collections`);
  }
});

t.test('an input that is changed or transferred while it is at work', async (t) => {
  const model = models.lenet5bn({ seed: 1 });
  const session = await compile(model);
  const x = normal([64, 28, 28, 1], 1);
  const expected = [...session.runSync(x).data];
  for (let i = 0; i < (isLong ? 300 : 10); i++) {
    const input = new Tensor(x.data.slice(), x.shape);
    const running = session.run(input);
    if (i % 2) structuredClone(input.data, { transfer: [input.data.buffer as ArrayBuffer] });
    else input.data.fill(Number.NaN);
    t.same([...(await whileCollecting(running)).data], expected, { diagnostic: false });
  }
  session.dispose();
});

t.test('training, quantization and inference with a collection every few allocations', (t) => {
  const body = `
    const { compile, fit, generateDigits, models, quantize, Sgd } = require(${JSON.stringify(library)});
    const { createHash } = require('node:crypto');
    (async () => {
      const model = models.lenet5bn({ seed: 1 });
      const digits = generateDigits(${isLong ? 2000 : 64}, 1);
      const optimizer = new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, adder: { rate: 'adaptive', eta: 0.1 } });
      const { history } = await fit(model, digits, { epochs: 2, batch: 16, optimizer, augment: { crop: 2 }, validation: digits });
      const session = await compile(await quantize(model, digits));
      const hash = createHash('sha256');
      for (const { data } of model.stateDict().values()) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      for (let i = 0; i < 4; i++) {
        const y = await session.classify(digits.images(i, i + 1).data, { width: 28, height: 28, top: 3 });
        hash.update(JSON.stringify(y));
      }
      console.log(hash.digest('hex'), history.at(-1).validation.accuracy);
    })();`;
  const flags = [[], ['--gc-interval=200'], ['--gc-interval=1000', '--stress-compaction'], ['--stress-scavenge=50']];
  const outputs = flags.slice(0, isLong ? 4 : 2).map((some) => spawnSync(process.execPath, [...some, '-e', body], { encoding: 'utf8' }));
  for (const { status, stderr } of outputs) t.same({ status, stderr }, { status: 0, stderr: '' });
  t.equal(new Set(outputs.map(({ stdout }) => stdout)).size, 1, 'the same weights and answers');
  t.match(outputs[0]!.stdout, /^[0-9a-f]{64} [\d.]+\n$/);
  t.end();
});
