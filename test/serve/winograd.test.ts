// Winograd networks are served as adder networks are: over HTTP, bit-identical to their sessions, in floats and in bytes.
import { join } from 'node:path';
import t from 'tap';
import { compile, models, quantize, save } from '../../dist';
import { asJson, input } from '../support/infer-requests';
import { calibrate, randomize } from '../support/random-network';
import { running } from '../support/running-server';
import { normal } from '../support/tensors';

t.test('metadata and tensors', async (t) => {
  const folder = t.testdir();
  const path = (name: string) => join(folder, `${name}.safetensors`);
  const floats = randomize(models.resnet20({ kind: 'adder-winograd', inputShape: [9, 7, 3], classes: 4, seed: 1 }), 2);
  calibrate(floats, normal([8, 9, 7, 3], 3));
  const networks = { floats, bytes: await quantize(floats, normal([8, 9, 7, 3], 4)) };
  for (const [name, network] of Object.entries(networks)) await save(network, path(name));
  const { url } = await running(t, { weights: Object.keys(networks).map((name) => `${name}=${path(name)}`) });
  const x = normal([3, 9, 7, 3], 5);
  for (const [name, network] of Object.entries(networks)) {
    const bits = name === 'floats' ? 32 : 8;
    t.match(await (await fetch(`${url}/v2/models/${name}`)).json(), { parameters: { kind: 'adder-winograd', bits } });
    using session = await compile(network);
    const response = await fetch(`${url}/v2/models/${name}/infer`, asJson({ inputs: [input(x, 'FP32')] }));
    const { outputs } = (await response.json()) as { outputs: { data: number[] }[] };
    t.same(outputs[0]!.data, [...session.runSync(x).data], `${name}: to the last bit`);
  }
});
