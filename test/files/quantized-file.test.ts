// Files of quantized networks: what earlier versions wrote still computes bit-identical outputs, and a damaged one is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compile, layers, load, Model, type QuantizedModel, quantize, readTensors, save, Tensor, type TensorData } from '../../dist';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { Random } from '../../dist/random';
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

/** A network of so many bits, with a residual and an ordinary first layer. */
async function networkOf(bits: number, isWinograd = false): Promise<QuantizedModel> {
  const random = new Random(1);
  const adder = () =>
    isWinograd
      ? new layers.WinogradAdderConv2d(4, 4, { padding: 1, random })
      : new layers.AdderConv2d(4, 4, { kernel: 3, padding: 1, random });
  const unit = () => [adder(), new layers.BatchNorm(4)];
  const model = new Model(
    {
      conv: new layers.Conv2d(1, 4, { kernel: 3, random }),
      relu: new layers.Relu(),
      body: new layers.Residual(new layers.Sequential([...unit(), new layers.Relu(), ...unit()])),
      last: new layers.Sequential(unit()),
      mean: new layers.GlobalAveragePool2d(),
      flatten: new layers.Flatten(),
    },
    {
      ...{ name: 'small', kind: 'adder', classes: 4, inputShape: [6, 6, 1], dataset: 'none' },
      normalization: { mean: [0], std: [1] },
    },
  );
  model.forward(normal([8, 6, 6, 1], 1), { training: true });
  return await quantize(model, normal([4, 6, 6, 1], 1), { bits });
}

t.test('the bits of a file and the integers of its nodes contradict each other', async (t) => {
  const again = join(t.testdir(), 'again.safetensors');
  const ranges = { 8: [0, 255], 4: [0, 15], 16: [-32768, 32767], 12: [0, 4095], 13: [0, 8191] } as const;
  for (const [count, isWinograd] of [[8], [4], [16], [12], [8, true], [4, true], [13, true]] as const) {
    const [smallest, largest] = ranges[count];
    const isOld = count <= 8 && !isWinograd;
    await save(isOld ? await load(join(folder, `${count}-bits.safetensors`), { dtype: 'u8' }) : await networkOf(count, isWinograd), again);
    const { tensors, metadata } = parseSafetensors(readFileSync(again), again);
    const changed = (change: (description: { bits: number; nodes: Plain[] }, tensors: Map<string, Tensor<TensorData>>) => void) => {
      const [description, own] = [JSON.parse(metadata[key]!), new Map(tensors)];
      change(description, own);
      return load(formatSafetensors(own, { [key]: JSON.stringify(description) }), { dtype: count > 8 ? 'i16' : 'u8' });
    };
    const refused = (message: RegExp) => ({ name: 'AdderNetError', code: 'ERR_CORRUPT', message });
    for (const bits of [2, 3, 4, 7, 8, 9, 12, 15, 16])
      if (bits !== count)
        await t.rejects(
          changed((description) => {
            description.bits = bits;
          }),
          refused(/node \d+ of the network is damaged: its (dtype|qmin|qmax) is \S+, expected \S+ of \d+ bits/),
          `${count} bits as ${bits}`,
        );
    const { nodes } = JSON.parse(metadata[key]!) as { nodes: Plain[] };
    for (const [i, node] of nodes.entries()) {
      if ('qmax' in node)
        for (const qmax of [1, largest - 1, 200, largest + 1, 65535])
          await t.rejects(
            changed(({ nodes }) => Object.assign(nodes[i]!, { qmax })),
            refused(/its ((qmax|zeroPoint) is |x may be less than)/),
            `node ${i}`,
          );
      if ('qmax' in node)
        for (const qmin of [smallest + 1, smallest - 1, 3, 'x'])
          await t.rejects(
            changed(({ nodes }) => Object.assign(nodes[i]!, { qmin })),
            refused(/its ((qmin|zeroPoint) is |x may be less than)/),
            `node ${i}`,
          );
      if (node.op !== 'quantizedConv2d') continue;
      await t.rejects(
        changed(({ nodes }) => Object.assign(nodes[i]!, { padValue: largest + 1 })),
        refused(new RegExp(`its padValue is ${largest + 1}, expected an integer from (${smallest}|-8192) to ${largest}`)),
      );
      const filters = tensors.get(`${i}.filters`) as Tensor<Uint8Array>;
      const replaced = (data: TensorData) => changed((_, tensors) => tensors.set(`${i}.filters`, new Tensor(data, filters.shape)));
      await t.rejects(replaced(Int32Array.from(filters.data)), refused(/its filters is .*, expected a tensor of rank 4/));
      await t.rejects(replaced(count > 8 ? Uint8Array.from(filters.data) : Int16Array.from(filters.data)), refused(/its filters are /));
      if (node.kind !== 'adder' || count % 8 === 0) continue; // whose dtype holds nothing else
      for (const q of [largest + 1, ...(count > 8 ? [-1] : [])])
        await t.rejects(
          replaced(filters.data.with(0, q)),
          refused(new RegExp(`its filters hold ${q}, expected an integer from 0 to ${largest} of ${count} bits`)),
        );
    }
    t.ok(await changed(() => {}), 'unchanged, it loads');
  }
});

t.test('a file without a field, or with another in its place, is refused with a code', async (t) => {
  const file = join(folder, '8-bits.safetensors');
  const written = t.testdir();
  const [again, wide, winograd] = ['again', 'wide', 'winograd'].map((name) => join(written, `${name}.safetensors`)) as [
    string,
    string,
    string,
  ];
  await save(await load(file, { dtype: 'u8' }), again);
  await save(await networkOf(16), wide);
  await save(await networkOf(8, true), winograd);
  // What may be left out, and what may have these values as well as others.
  const free =
    /\.(bias|constants|residual|residualScale|relu|activation)|^metadata\.(name|classNames|dataset|normalization\.mean)|^version$/;
  for (const [name, path] of Object.entries({ 'version 1': file, 'version 2': again, '16 bits': wide, winograd })) {
    const { tensors, metadata } = parseSafetensors(readFileSync(path), path);
    const text = metadata[key]!;
    const isAccepted = async (tensors: Map<string, Tensor<TensorData>>, description: Plain, name: string): Promise<boolean> => {
      try {
        await load(formatSafetensors(tensors, { [key]: JSON.stringify(description) }));
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
      for (const value of [undefined, 'x', name === '16 bits' ? -32769 : -1]) {
        const description = JSON.parse(text);
        replace(description, field.split('.'), value);
        if (await isAccepted(new Map(tensors), description, field)) accepted.add(field);
      }
    for (const left of tensors.keys()) {
      const rest = new Map([...tensors].filter(([name]) => name !== left));
      if (await isAccepted(rest, JSON.parse(text), left)) accepted.add(`tensor ${left}`);
    }
    t.ok(fields.length > 90);
    t.same(
      [...accepted].filter((field) => !free.test(field)),
      [],
      name,
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
