// Files of quantized networks: what earlier versions wrote still computes bit-identical outputs, and a damaged one is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compile, load, type QuantizedModel, readTensors, save, Tensor, type TensorData } from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { bits, normal } from '../support/tensors';

const folder = join(__dirname, '../../test/fixtures/quantized');
const key = 'addernet.quantized';

for (const count of [8, 4])
  t.test(`a file of version 1, of ${count} bits`, async (t) => {
    const expected = await readTensors(join(folder, 'expected.safetensors'));
    const [x, logits] = ['x', `${count} bits`].map((name) => expected.get(name) as Tensor);
    const computesTheSame = async (network: QuantizedModel) => {
      t.same(bits(network.forward(x!)), bits(logits!), 'by the reference');
      using session = await compile(network);
      t.same(bits(session.runSync(x!)), bits(logits!), 'and compiled');
    };
    const network = await load(join(folder, `${count}-bits.safetensors`), { dtype: 'u8' });
    t.same([network.bits, network.classNames], [count, ['a', 'b', 'c', 'd']]);
    await computesTheSame(network);
    const again = join(t.testdir(), 'again.safetensors');
    await save(network, again);
    t.match(readFileSync(again, 'latin1'), '\\"nodes\\"', 'it is written as a graph');
    await computesTheSame(await load(again, { dtype: 'u8' }));
  });

for (const name of ['lenet5-bn-mnist-8bit', 'resnet20-cifar10-8bit'] as const)
  t.test(`the bundled ${name}`, async (t) => {
    const network = await load(name);
    const x = normal([2, ...network.inputShape], 1);
    using session = await compile(network);
    t.same(bits(session.runSync(x)), bits(network.forward(x)));
  });

t.test('a file with a number that is not finite is refused', async (t) => {
  const again = join(t.testdir(), 'again.safetensors');
  await save(await load('resnet20-cifar10-8bit'), again);
  const { tensors, metadata } = parseSafetensors(readFileSync(again), again);
  for (const [name, { data, dtype }] of tensors) {
    if (dtype !== 'f32') continue;
    const before = data[0]!;
    data[0] = Number.POSITIVE_INFINITY;
    await t.rejects(load(formatSafetensors(tensors, metadata), { dtype: 'u8' }), { code: 'ERR_CORRUPT' }, name);
    data[0] = before;
  }
  t.ok(await load(formatSafetensors(tensors, metadata), { dtype: 'u8' }));
});

interface Plain {
  [name: string]: unknown;
}

t.test('the bits of a file and the integers of its nodes contradict each other', async (t) => {
  const again = join(t.testdir(), 'again.safetensors');
  const largest = { 8: 255, 4: 15 };
  for (const count of [8, 4] as const) {
    await save(await load(join(folder, `${count}-bits.safetensors`), { dtype: 'u8' }), again);
    const { tensors, metadata } = parseSafetensors(readFileSync(again), again);
    const changed = (change: (description: { bits: number; nodes: Plain[] }, tensors: Map<string, Tensor<TensorData>>) => void) => {
      const [description, own] = [JSON.parse(metadata[key]!), new Map(tensors)];
      change(description, own);
      return load(formatSafetensors(own, { [key]: JSON.stringify(description) }), { dtype: 'u8' });
    };
    const refused = (message: RegExp) => ({ name: 'AdderNetError', code: 'ERR_CORRUPT', message });
    for (const bits of [2, 3, 4, 7, 8])
      if (bits !== count)
        await t.rejects(
          changed((description) => {
            description.bits = bits;
          }),
          refused(/node \d+ of the network is damaged: its qmax is \d+, expected \d+ of \d bits/),
          `${count} bits as ${bits}`,
        );
    const { nodes } = JSON.parse(metadata[key]!) as { nodes: Plain[] };
    for (const [i, node] of nodes.entries()) {
      if ('qmax' in node)
        for (const qmax of [1, largest[count] - 1, 200])
          await t.rejects(
            changed(({ nodes }) => Object.assign(nodes[i]!, { qmax })),
            refused(/its (qmax|zeroPoint) is /),
            `node ${i}`,
          );
      if (count === 8 || node.op !== 'quantizedConv2d') continue;
      await t.rejects(
        changed(({ nodes }) => Object.assign(nodes[i]!, { padValue: 16 })),
        refused(/its padValue is 16, expected an integer from 0 to 15 of 4 bits/),
      );
      const filters = tensors.get(`${i}.filters`) as Tensor<Uint8Array>;
      const data = filters.data.with(0, 16);
      if (node.kind === 'adder')
        await t.rejects(
          changed((_, tensors) => tensors.set(`${i}.filters`, new Tensor(data, filters.shape))),
          refused(/its filters hold 16, expected an integer from 0 to 15 of 4 bits/),
        );
    }
    t.ok(await changed(() => {}), 'unchanged, it loads');
  }
});

t.test('a file without a field, or with another in its place, is refused with a code', async (t) => {
  const file = join(folder, '8-bits.safetensors');
  const again = join(t.testdir(), 'again.safetensors');
  await save(await load(file, { dtype: 'u8' }), again);
  // What may be left out, and what may have these values as well as others.
  const free = /\.(bias|residual|residualScale|relu|activation)|^metadata\.(name|classNames|dataset|normalization\.mean)|^version$/;
  for (const [version, path] of [file, again].entries()) {
    const { tensors, metadata } = parseSafetensors(readFileSync(path), path);
    const text = metadata[key]!;
    const isAccepted = async (tensors: Map<string, Tensor<TensorData>>, description: Plain, name: string): Promise<boolean> => {
      try {
        await load(formatSafetensors(tensors, { [key]: JSON.stringify(description) }), { dtype: 'u8' });
        return true;
      } catch (error) {
        const { code } = error as { code?: string };
        if (code !== 'ERR_CORRUPT' && code !== 'ERR_FORMAT') t.fail(`${name}: ${error}`);
        return false;
      }
    };
    const accepted = new Set<string>();
    const fields = paths(JSON.parse(text));
    for (const field of fields)
      for (const value of [undefined, 'x', -1]) {
        const description = JSON.parse(text);
        replace(description, field.split('.'), value);
        if (await isAccepted(new Map(tensors), description, field)) accepted.add(field);
      }
    for (const left of tensors.keys()) {
      const rest = new Map([...tensors].filter(([name]) => name !== left));
      if (await isAccepted(rest, JSON.parse(text), left)) accepted.add(`tensor ${left}`);
    }
    t.ok(fields.length > 100);
    t.same(
      [...accepted].filter((field) => !free.test(field)),
      [],
      `version ${version + 1}`,
    );
  }
});

function paths(value: object): string[] {
  const inside = (name: string, field: unknown) =>
    typeof field === 'object' && field !== null ? paths(field).map((path) => `${name}.${path}`) : [];
  return Object.entries(value).flatMap(([name, field]) => [name, ...inside(name, field)]);
}

function replace(object: Plain, [name, ...rest]: string[], value: unknown): void {
  if (rest.length > 0) replace(object[name!] as Plain, rest, value);
  else if (value === undefined) delete object[name!];
  else object[name!] = value;
}
