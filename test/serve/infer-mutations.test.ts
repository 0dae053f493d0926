// Inference requests with parts of their JSON replaced, removed and added: whatever they say, the server is not at fault, and it names what is.
import t from 'tap';
import { Random } from '../../dist/random';
import { draws } from '../support/draws';
import { binaryRequest, input } from '../support/infer-requests';
import { expected, float, running } from '../support/running-server';

type Json = Record<string, unknown> | unknown[];
const isTree = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** In JSON, so that what JavaScript cannot hold can be sent, too. */
const values = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1',
    '-1',
    '1.5',
    '1e308',
    '1e999',
    '-1e999',
    '3.4e38',
    '9007199254740993',
    '4294967296',
    '3136',
    '784',
  ],
  ...[
    '""',
    '"input"',
    '"logits"',
    '"FP32"',
    '"UINT8"',
    '"BYTES"',
    '"__proto__"',
    '"\\ud800"',
    '"\\u0000"',
    '"3136"',
    `"${'x'.repeat(5000)}"`,
  ],
  ...[
    '[]',
    '{}',
    '[[]]',
    '[{}]',
    '[null]',
    '[[[[[1]]]]]',
    '[1,28,28,1]',
    '[[1,28,28,1]]',
    '[1,[28],28,1]',
    '[1e15,28,28,1]',
    '["1",28,28,1]',
  ],
  ...['{"length":784}', '{"0":1}', '{"name":"logits"}', '[{"name":"logits"},{"name":"logits"}]', '{"toString":1,"valueOf":1}'],
  ...['{"__proto__":{"binary_data":true}}', '{"binary_data_size":{}}', '{"binary_data_size":[3136]}', '{"classification":[[1]]}'],
  ...[
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
    `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    `[${'1,'.repeat(783)}1]`,
    `[${'[],'.repeat(783)}[]]`,
  ],
];
const names = [
  ...[
    'id',
    'inputs',
    'outputs',
    'parameters',
    'name',
    'shape',
    'datatype',
    'data',
    'binary_data',
    'binary_data_size',
    'binary_data_output',
  ],
  ...[
    'classification',
    'shared_memory_region',
    'sequence_id',
    'priority',
    'timeout',
    '__proto__',
    'constructor',
    'toString',
    '',
    '0',
    'x'.repeat(300),
  ],
];

/** What a message may call the part of the request that is wrong. */
const fields = /inputs|outputs|parameters|\bid\b|data|shape|datatype|classification|Inference-Header-Content-Length|the body/;

t.test('no request is answered with 500, and every refusal names a field', async (t) => {
  const { url } = await running(t, { maxQueue: Number.MAX_SAFE_INTEGER, maxBody: 8 << 20 });
  const { x, pixels } = await expected(float, 1);
  const nested = [[...Array(28).keys()].map((row) => [...x.data.subarray(28 * row, 28 * row + 28)].map((value) => [value]))];
  const outputs = [{ name: 'logits', parameters: { binary_data: false, classification: 2 } }];
  const bases: { json: Json; tail: Buffer }[] = [
    { json: { id: 'a', inputs: [input(x, 'FP32')], outputs, parameters: { binary_data_output: false } }, tail: Buffer.alloc(0) },
    { json: { inputs: [input(x, 'FP32', nested)] }, tail: Buffer.alloc(0) },
    { json: { inputs: [{ ...input(pixels, 'UINT8'), parameters: {} }], outputs: [{ name: 'logits' }] }, tail: Buffer.alloc(0) },
  ];
  const { body, headers } = binaryRequest(x, 'FP32', { outputs });
  const length = Number((headers as Record<string, string>)['inference-header-content-length']);
  bases.push({ json: JSON.parse((body as Buffer).toString('utf8', 0, length)), tail: (body as Buffer).subarray(length) });

  const { seed, numRuns } = draws(1500);
  const random = new Random(seed);
  const below = (limit: number): number => (limit > 0 ? random.integer(limit) : 0);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const ask = async (changed: Json, places: Map<string, string>, tail: Buffer): Promise<void> => {
    let text = JSON.stringify(changed);
    for (const [place, value] of places) text = text.replaceAll(JSON.stringify(place), () => value);
    const json = Buffer.from(text);
    const lengths =
      tail.length === 0 && below(10) > 0
        ? [undefined]
        : [json.length, json.length, json.length, pick([0, json.length - 1, 1e9, -1, '1e3', ''])];
    const headerLength = pick(lengths);
    const response = await fetch(`${url}/v2/models/${float}/infer`, {
      ...{ method: 'POST', body: Buffer.concat([json, tail]) },
      headers: headerLength === undefined ? {} : { 'inference-header-content-length': String(headerLength) },
    });
    const answer = await response.text();
    if (response.status === 200) return;
    const sent = `seed ${seed}: ${headerLength} ${text.slice(0, 300)}`;
    if (response.status !== 400) t.fail(`${response.status} ${answer}: ${sent}`);
    else if (!fields.test((JSON.parse(answer) as { error: string }).error)) t.fail(`${answer} names no field: ${sent}`);
  };

  for (let i = 0; i < numRuns; i++) {
    const { json, tail } = pick(bases);
    const changed = structuredClone(json);
    const places = new Map<string, string>();
    for (let changes = 1 + below(2); changes > 0; changes--) change(changed, places);
    await ask(changed, places, tail.subarray(0, below(8) === 0 ? below(tail.length + 1) : tail.length));
  }
  t.pass();

  /** Changes something in a random place, most often near the root. */
  function change(tree: Json, places: Map<string, string>): void {
    let owner = tree;
    for (;;) {
      const key = pick(Object.keys(owner));
      const child = key === undefined ? undefined : (owner as Record<string, unknown>)[key];
      if (isTree(child) && below(4) > 0) owner = child;
      else return void replace(owner, key, places);
    }
  }

  function replace(owner: Json, key: string | undefined, places: Map<string, string>): void {
    const kind = below(8);
    const place = `place ${places.size} ${below(2 ** 31)}`;
    const record = owner as Record<string, unknown>;
    if (kind === 0 && key !== undefined) {
      if (Array.isArray(owner)) owner.splice(Number(key), 1);
      else delete record[key];
      return;
    }
    places.set(place, pick(values));
    if (kind === 1 && !Array.isArray(owner))
      Object.defineProperty(record, pick(names), { value: place, enumerable: true, configurable: true, writable: true });
    else if (kind === 2 && Array.isArray(owner)) owner.push(place);
    else record[key ?? '0'] = place;
  }
});

t.test('memory is for numbers that are there, not for those of a shape', async (t) => {
  const { url } = await running(t, { maxQueue: Number.MAX_SAFE_INTEGER, maxBody: 16 << 20 });
  for (const datatype of ['FP32', 'UINT8'])
    for (const [images, data] of [
      [20_000, `[${'[],'.repeat(20_000 - 1)}[]]`],
      [3_000_000, `[${'[],'.repeat(3_000_000 - 1)}[]]`],
      [2 ** 43, '[1]'],
      [2 ** 43, `[${'1,'.repeat(1 << 20)}1]`],
    ] as const) {
      const body = `{"inputs":[{"name":"input","datatype":"${datatype}","shape":[${images},28,28,1],"data":${data}}]}`;
      const response = await fetch(`${url}/v2/models/${float}/infer`, { method: 'POST', body });
      t.match(
        { status: response.status, ...((await response.json()) as object) },
        { status: 400, error: /^inputs\[0\]\.data has fewer than the \d+ numbers of its shape/ },
      );
    }
});
