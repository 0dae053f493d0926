// Files of weights that PyTorch, NumPy and pickle have written (test/fixtures/torch_weights.py): each holds the same network, in another form.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { readTensors, type TensorFile } from '../../dist';
import { parseTensors } from '../../dist/io/read-tensors';
import { formatSafetensors } from '../../dist/io/safetensors';
import { Tensor, type TensorData } from '../../dist/tensor';
import { survivesCorruption, unnoticedTruncations } from '../support/damage';
import { npyFile } from '../support/npy-bytes';
import * as p from '../support/pickle-bytes';
import * as pt from '../support/pytorch-bytes';

const folder = join(__dirname, '../../test/fixtures/weights');
const read = (file: string) => readTensors(join(folder, file));
/** A pattern of tap's for a Map is its entries. */
const about = ({ name, format, layout, metadata, notes, droppedPrefix }: TensorFile) => ({
  name,
  format,
  layout,
  metadata,
  notes,
  droppedPrefix,
});
/** No network of its own. */
const others = ['one-tensor.pth', 'tensors-without-names.pth', 'optimizer.pth', 'nothing.pth', 'torchscript.pt'];
/** Files of numbers with fewer bits, and how far these are off. */
const rounded: Record<string, number> = { 'half.pth': 2 ** -11, 'bfloat16.pth': 2 ** -8 };

function farthest(a: Tensor<TensorData>, b: Tensor<TensorData>): number {
  if (String(a.shape) !== String(b.shape)) return Number.POSITIVE_INFINITY;
  return Math.max(
    ...Array.from(a.data as Float32Array, (value, i) => Math.abs(Number(value) - Number(b.data[i])) / Math.max(1, Math.abs(Number(value)))),
  );
}

t.test('the names, shapes and layout of a state dict', async (t) => {
  const file = await read('state-dict-zip.pth');
  t.same(
    [...file].map(([name, { shape, dtype }]) => `${name} ${dtype} ${shape}`),
    [
      'conv1.weight f32 2,3,3,1',
      'layer1.0.conv1.adder f32 2,3,3,2',
      ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => `layer1.0.bn1.${name} f32 2`),
      'layer1.0.bn1.num_batches_tracked i64 1',
      'fc.weight f32 2,2',
      'fc.bias f32 2',
    ],
  );
  t.match(about(file), { name: join(folder, 'state-dict-zip.pth'), format: 'pytorch', layout: 'pytorch', notes: [], droppedPrefix: '' });
  t.equal(file.storedTypes.get('fc.weight'), 'f32');
  t.equal(file.toPytorchLayout(), file);
});

t.test('every form holds the same tensors', async (t) => {
  const expected = await read('state-dict-zip.pth');
  for (const name of readdirSync(folder).filter((name) => !others.includes(name))) {
    const file = await read(name);
    t.same([...file.keys()], [...expected.keys()], name);
    for (const [key, tensor] of expected) {
      t.equal(file.get(key)?.dtype, tensor.dtype, `${name}: ${key}`);
      t.ok(farthest(tensor, file.get(key)!) <= (rounded[name] ?? 0), `${name}: ${key}`);
    }
  }
});

t.test('notes', async (t) => {
  t.same((await read('half.pth')).notes, [], 'halves are widened exactly');
  t.equal((await read('half.pth')).storedTypes.get('fc.bias'), 'f16');
  t.equal((await read('bfloat16.pth')).storedTypes.get('fc.bias'), 'bf16');
  t.match((await read('double.pth')).notes, [/^8 tensors were rounded from f64 to f32 \("conv1\.weight", .*\.\.\.\)\.$/]);
  t.match((await read('averaged.pth')).notes, [/^"n_averaged" was left out/]);
  t.equal((await read('compiled.pth')).droppedPrefix, 'module.');
  t.equal((await read('lightning.pth')).droppedPrefix, 'model.');
});

t.test('files without weights of a network say what they hold', async (t) => {
  const cases: [string, RegExp][] = [
    ['one-tensor.pth', /contains a single tensor instead of a dict/],
    ['tensors-without-names.pth', /contains a list of 2 tensors without names/],
    ['optimizer.pth', /contains the state of an optimizer/],
    ['nothing.pth', /contains no named tensors, but a dict: expected a state dict, torch\.save\(model\.state_dict\(\), path\)/],
    ['torchscript.pt', /is a TorchScript archive, .*torch\.jit\.load/],
  ];
  for (const [file, message] of cases) await t.rejects(read(file), { name: 'AdderNetError', code: 'ERR_FORMAT', message }, file);
});

t.test('every kind of source', async (t) => {
  const path = join(folder, 'state-dict-zip.pth');
  const bytes = readFileSync(path);
  const sources = [pathToFileURL(path), bytes, new Uint8Array(bytes).buffer, new Blob([new Uint8Array(bytes)])];
  for (const source of sources) t.equal((await readTensors(source)).size, 9);
  t.equal((await readTensors(bytes)).name, `${bytes.length} bytes in memory`);
  await t.rejects(readTensors('/nothing/there.pth'), { code: 'ERR_ARGUMENT', message: /^cannot read \/nothing\/there\.pth: ENOENT/ });
  await t.rejects(readTensors(folder), { code: 'ERR_ARGUMENT', message: /EISDIR/ });
  await t.rejects(readTensors(3 as never), { code: 'ERR_ARGUMENT', message: /expected a path/ });
  await t.rejects(readTensors(Buffer.from('<!DOCTYPE html>')), { code: 'ERR_FORMAT', message: /^15 bytes in memory is a web page/ });
});

t.test('safetensors: the layout is in the metadata', async (t) => {
  const filters = new Tensor(
    Float32Array.from({ length: 12 }, (_, i) => i),
    [2, 3, 1, 2],
  );
  const file = (metadata: Record<string, string>) => readTensors(formatSafetensors(new Map([['module.w', filters]]), metadata));

  const pytorch = await file({ format: 'pt' });
  t.match(about(pytorch), { layout: 'pytorch', format: 'safetensors', metadata: { format: 'pt' } });
  const turned = new Tensor(Float32Array.of(0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11), [2, 1, 2, 3]);
  t.same(pytorch.get('w'), turned);

  const unknown = await file({});
  t.equal(unknown.layout, 'unknown');
  t.same(unknown.get('w'), filters);
  const turnedFile: TensorFile = unknown.toPytorchLayout();
  t.match(about(turnedFile), { layout: 'pytorch', name: unknown.name, droppedPrefix: 'module.' });
  t.same(turnedFile.get('w'), turned);
  t.equal((await file({ format: 'np' })).layout, 'unknown');

  const own = await file({ 'addernet.x': '{}', format: 'pt' });
  t.equal(own.layout, 'addernet');
  t.same(own.get('module.w'), filters, 'names of its own files are kept');
  t.throws(() => own.toPytorchLayout(), { code: 'ERR_ARGUMENT' });
});

t.test('safetensors: numbers', async (t) => {
  const tensors = new Map<string, Tensor<TensorData>>([
    ['a', new Tensor(Float64Array.of(0.1), [1])],
    ['b', new Tensor(Float32Array.of(1), [1])],
  ]);
  const file = await readTensors(formatSafetensors(tensors));
  t.same(file.get('a')!.data, Float32Array.of(0.1));
  t.equal(file.storedTypes.get('a'), 'f64');
  t.same(file.notes, ['"a" was rounded from f64 to f32.']);
});

t.test('one array of NumPy', async (t) => {
  const path = join(
    t.testdir({ 'some.array.npy': npyFile('<f8', '(2,)', new Uint8Array(Float64Array.of(0.1, 2).buffer)) }),
    'some.array.npy',
  );
  const file = await readTensors(path);
  t.same([...file.keys()], ['some.array']);
  t.same(file.get('some.array')!.data, Float32Array.of(0.1, 2));
  t.match(about(file), { format: 'npy', layout: 'unknown', notes: ['"some.array" was rounded from f64 to f32.'] });
  t.equal(file.storedTypes.get('some.array'), 'f64');
});

t.test('damage', async (t) => {
  const damaged = ['network.pth', 'network-legacy.pth', 'other-values-5.pth', 'other-values-0.pth', 'tensors-2.pkl', 'arrays-5.pkl'];
  const parse = (bytes: Uint8Array) => parseTensors(bytes, 'w.pth');
  for (const name of damaged) survivesCorruption(parse, readFileSync(join(folder, name)), 200);
  for (const name of ['network.pth', 'network-legacy.pth', 'tensors-2.pkl', 'arrays-0.pkl'])
    t.same(unnoticedTruncations(parse, readFileSync(join(folder, name))), [], name);
});

t.test('names in messages cannot steer a terminal', async (t) => {
  const hostile = '\u001b[2J\u009b2J\u202e'.repeat(100);
  const { notes } = await readTensors(formatSafetensors(new Map([[hostile, new Tensor(Float64Array.of(1), [1])]])));
  t.equal(notes.length, 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.notMatch(notes[0], /[\u0000-\u001f\u007f-\u009f\u202e]/);
  t.ok(notes[0]!.length < 2000);
});

t.test('the part of a checkpoint that is asked for', async (t) => {
  const array = npyFile('<f4', '(1,)', new Uint8Array(4));
  const floats = pt.storage('0', 'FloatStorage', Float32Array.of(1, 2));
  const w = pt.tensor(pt.storageId(floats), 0, [2], [1]);
  const code = p.dict([p.text('teacher'), pt.stateDict(['a.weight', w])], [p.text('student'), pt.stateDict(['b.weight', w])]);
  const bytes = pt.zipFile(code, [floats]);
  await t.rejects(readTensors(bytes), { code: 'ERR_FORMAT', message: /"teacher", "student": choose with \{ key \}/ });
  const student = await readTensors(bytes, { key: 'student' });
  t.same([...student.keys()], ['b.weight']);
  await t.rejects(readTensors(bytes, { key: 5 as never }), { code: 'ERR_ARGUMENT', message: /key is 5/ });
  await t.rejects(readTensors(bytes, { kye: 'x' } as object), { code: 'ERR_ARGUMENT', message: /did you mean key/ });
  await t.rejects(readTensors(array, { key: 'x' }), { code: 'ERR_ARGUMENT', message: /PyTorch checkpoints/ });
  t.same([...(await readTensors(array)).keys()], ['array'], 'bytes have no name');
});
