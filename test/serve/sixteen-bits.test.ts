// A network of 16 bits is served as one of bytes is: over HTTP, in batches, bit-identical to its session.
import { join } from 'node:path';
import t from 'tap';
import { compile, generateDigits, load, normalize, quantize, save } from '../../dist';
import { asJson, input } from '../support/infer-requests';
import { float, running } from '../support/running-server';

t.test('metadata, tensors and pixels', async (t) => {
  const path = join(t.testdir(), 'wide.safetensors');
  const wide = await quantize(await load(float), generateDigits(50, 1), { bits: 16 });
  await save(wide, path);
  const { url } = await running(t, { weights: [`wide=${path}`] });
  t.match(await (await fetch(`${url}/v2/models/wide`)).json(), { parameters: { kind: 'adder', bits: 16 } });

  const pixels = generateDigits(3, 4).images(0, 3);
  const x = normalize(pixels, wide.normalization.mean, wide.normalization.std);
  using session = await compile(wide);
  const y = session.runSync(x);
  for (const [name, tensor] of Object.entries({ floats: input(x, 'FP32'), pixels: input(pixels, 'UINT8') })) {
    const response = await fetch(`${url}/v2/models/wide/infer`, asJson({ inputs: [tensor] }));
    t.equal(response.status, 200, name);
    const { outputs } = (await response.json()) as { outputs: { data: number[] }[] };
    t.same(outputs[0]!.data, [...y.data], `${name}: to the last bit`);
  }
});
