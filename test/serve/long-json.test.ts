// JSON of megabytes: read in steps, the same numbers as of JSON.parse, and no more memory than they take.
import t from 'tap';
import { Random } from '../../dist/random';
import { parseInferRequest } from '../../dist/serve/infer-request';
import { withoutNumbers } from '../../dist/serve/long-json';
import { readNumbers } from '../../dist/serve/number-reader';
import { float, running } from '../support/running-server';
import { smallMetadata } from '../support/small-network';

/** How many turns the event loop took meanwhile. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await work().finally(() => {
    isDone = true;
  });
  return turns;
}

t.test('numbers are bit-identical to those of JSON.parse', async (t) => {
  const random = new Random(7);
  const words = new DataView(new ArrayBuffer(8));
  const digits = (most: number) => Array.from({ length: 1 + random.integer(most) }, () => random.integer(10)).join('');
  const written: (() => string)[] = [
    () => {
      for (const place of [0, 4]) words.setUint32(place, random.integer(2 ** 32));
      const value = words.getFloat64(0);
      return Number.isFinite(value) ? String(value) : '0';
    },
    () => String(Math.fround(random.uniform() - 0.5)),
    () => `${random.integer(2) ? '-' : ''}${random.integer(10)}.${digits(25)}`,
    () => `${1 + random.integer(9)}${digits(30)}${random.integer(2) ? 'e' : 'E'}${['', '+', '-'][random.integer(3)]}${random.integer(40)}`,
    () =>
      ['0', '-0', '-0.0', '0e9', '1e22', '1e23', '9007199254740991', '9007199254740993', '9007199254740985', '5e-324', '0.000001', '1E+2'][
        random.integer(12)
      ]!,
  ];
  const texts = Array.from({ length: 50_000 }, () => written[random.integer(written.length)]!());
  const read = await readNumbers(Buffer.from(`[ ${texts.join(', \n')} ]`), [texts.length], Float64Array);
  const wrong = texts.findIndex((text, i) => !Object.is(read[i], JSON.parse(text)));
  t.equal(wrong, -1, `${texts[wrong]}`);
});

t.test('flat, and nested as the shape is', async (t) => {
  const read = async (text: string) => [...(await readNumbers(Buffer.from(text), [2, 1, 2, 1], Float32Array))];
  for (const text of ['[1,2,3,4]', '[[[[1],[2]]],[[[3],[4]]]]', '[[[1,2]],[[3,4]]]', '[ [[[ 1 ],[2]]] ,\t[[[3],[4]]]]'])
    t.same(await read(text), [1, 2, 3, 4], text);
  const wrong = [
    ...[
      '[1,2,3]',
      '[1,2,3,4,5]',
      '[[1,2],[3,4]]',
      '[[[[1],[2]]]]',
      '[[[[1],[2],[3]]],[[[4]]]]',
      '[[[[[1]]]]]',
      '[[[[1],[2]]],[[[3],[]]]]',
      '[]',
    ],
    ...[
      '[1,2,3,4,]',
      '[,1,2,3,4]',
      '[1,,2,3]',
      '[1 2,3,4]',
      '[01,2,3,4]',
      '[1.,2,3,4]',
      '[.1,2,3,4]',
      '[+1,2,3,4]',
      '[1e,2,3,4]',
      '[--1,2,3,4]',
    ],
    ...['[-,2,3,4]', '[1e+,2,3,4]', '[1.e1,2,3,4]', '[1][2]', '[1-2,3,4,5]', `[1,2,3,${'1'.repeat(2000)}]`, '[[[[1],[2]]][[[3],[4]]]]'],
  ];
  for (const text of wrong) await t.rejects(read(text), { statusCode: 400, message: /^inputs\[0\]\.data / }, text);
});

t.test('a long request says what a short one says', async (t) => {
  const shape = [1, ...smallMetadata.inputShape];
  const count = shape.reduce((product, size) => product * size, 1);
  const images = 3000;
  const data = Array.from({ length: images * count }, (_, i) => (i % 256) / 4);
  const request = (more: object) =>
    Buffer.from(
      JSON.stringify({ id: 'a "[\\', inputs: [{ name: 'input', datatype: 'FP32', shape: [images, ...shape.slice(1)], data, ...more }] }),
    );
  const { id, x } = await parseInferRequest(request({}), undefined, smallMetadata);
  t.equal(id, 'a "[\\');
  t.same(x.shape, [images, ...shape.slice(1)]);
  t.equal(
    data.findIndex((value, i) => x.data[i] !== value),
    -1,
  );
  const wrong: [object, RegExp][] = [
    [{ data: data.slice(1) }, /inputs\[0\]\.data has an array of \d+ elements, expected \d+/],
    [{ datatype: 'UINT8' }, /inputs\[0\]\.data\[1\] is 0.25, expected an integer/],
    [{ data: data.map((value) => (value === 1 ? 1e39 : value)) }, /inputs\[0\]\.data\[4\] is Infinity/],
    [{ shape: data }, /inputs\[0\]\.shape/],
    [{ parameters: { binary_data_size: 4 } }, /both data and binary_data_size/],
    [{ data: data.map(String) }, /bytes of JSON besides the numbers/],
    [{ name: data }, /inputs\[0\]\.name/],
  ];
  for (const [more, message] of wrong)
    await t.rejects(parseInferRequest(request(more), undefined, smallMetadata), { statusCode: 400, message }, String(message));
});

const shape = [1, ...smallMetadata.inputShape];
const zeros = Array<number>(shape.reduce((product, size) => product * size, 1)).fill(0);
const request = (input: object, more: object = {}) =>
  JSON.stringify({ inputs: [{ name: 'input', datatype: 'FP32', shape, data: zeros, ...input }], ...more });
const parse = (text: string) => parseInferRequest(Buffer.from(text), undefined, smallMetadata);

t.test('a long array is an array in every field, as a short one is', async (t) => {
  const fields: [(array: number[]) => string, RegExp][] = [
    [(id) => request({}, { id }), /^id is an array/],
    [(inputs) => request({}, { inputs }), /^inputs: expected an array of one tensor/],
    [(input) => request({}, { inputs: [input] }), /^inputs: expected an array of one tensor/],
    [(outputs) => request({}, { outputs }), /^outputs (is an array|has 9 entries)/],
    [(output) => request({}, { outputs: [output] }), /^outputs(\[0\])? is an array/],
    [(name) => request({}, { outputs: [{ name }] }), /^outputs\[0\]\.name is an array/],
    [(parameters) => request({}, { outputs: [{ name: 'logits', parameters }] }), /^parameters of outputs\[0\] is an array/],
    [(classification) => request({}, { outputs: [{ name: 'logits', parameters: { classification } }] }), /classification is an array/],
    [(parameters) => request({}, { parameters }), /^parameters of the request is an array/],
    [(flag) => request({}, { parameters: { binary_data_output: flag } }), /binary_data_output is an array/],
    [(name) => request({ name }), /^inputs\[0\]\.name is an array/],
    [(own) => request({ shape: own }), /^inputs\[0\]\.shape is an array/],
    [(own) => request({ shape: [own, ...shape.slice(1)] }), /^inputs\[0\]\.shape is an array/],
    [(datatype) => request({ datatype }), /^inputs\[0\]\.datatype is an array/],
    [(parameters) => request({ parameters }), /^parameters of inputs\[0\] is an array/],
    [(size) => request({ data: undefined, parameters: { binary_data_size: size } }), /binary_data_size is an array/],
    [(array) => JSON.stringify(array), /^the body is an array/],
    [(key) => request({}).replace('{', `{${JSON.stringify(key)}:1,`), /^the body is not valid JSON/],
  ];
  for (const [textWith, message] of fields)
    for (const length of [9, 40_000])
      await t.rejects(parse(textWith(Array(length).fill(1))), { statusCode: 400, message }, `${message} ${length}`);
});

t.test('nothing in a request can stand for the numbers of another field', async (t) => {
  // As many numbers as data needs.
  const ignored = `[${zeros.join(','.padEnd(1 << 12))}]`;
  const more = (text: string, members: string) => text.replace('{', `{${members},`);
  for (const data of ['\0array 0', ['\0array 0'], '0', ['0'], { 0: 0 }, null])
    await t.rejects(
      parse(more(request({ data }), `"ignored":${ignored}`)),
      { statusCode: 400, message: /^inputs\[0\]\.data (is|has 1 elements)/ },
      JSON.stringify(data),
    );
  const nested = `${'{"":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
  const { x } = await parse(more(request({}), `"nested":${nested},"__proto__":${ignored}`));
  t.same([...x.data], zeros);
});

t.test('other requests are served between the steps, and what is no request costs little', async (t) => {
  const length = 4 << 20;
  const count = length / 2;
  const zeros = Buffer.from(`[${'0,'.repeat(count - 1)}0]`);
  t.ok((await turnsOf(() => readNumbers(zeros, [count], Float32Array))) > 100);
  t.ok((await turnsOf(() => withoutNumbers(zeros))) > 25);
  const two = () => Promise.all([0, 1].map(() => readNumbers(zeros, [count], Float32Array)));
  t.ok((await turnsOf(two)) > 200, 'one chunk in each turn, however many are read');

  const { url } = await running(t, { maxBody: 2 * length });
  const bodies: Record<string, string> = {
    brackets: '['.repeat(length),
    nested: '['.repeat(length / 2) + ']'.repeat(length / 2),
    arrays: `{"inputs":[${'[],'.repeat(length / 3)}[]]}`,
    objects: `[${'{},'.repeat(length / 3)}{}]`,
    names: `{${Array.from({ length: length / 12 }, (_, i) => `"${i}":1`).join(',')}}`,
    'nested objects': '{"":'.repeat(length / 5),
    'a string without end': `{"${'a'.repeat(length)}`,
    quotes: `{"${'\\"'.repeat(length / 2)}`,
    backslashes: `{"${'\\'.repeat(length)}"`,
    'a number without end': `{"inputs":[{"name":"input","datatype":"FP32","shape":[1,28,28,1],"data":[${'1'.repeat(length)}]}]}`,
  };
  for (const [name, body] of Object.entries(bodies))
    for (const path of [`/v2/models/${float}/infer`, '/v2/repository/index']) {
      const response = await fetch(url + path, { method: 'POST', body });
      t.match(
        { status: response.status, ...((await response.json()) as object) },
        { status: 400, error: /body|inputs/ },
        `${name} ${path}`,
      );
    }
});
