// What clients send to the server over HTTP, and what is typed on the command line.
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { InvalidArgumentError } from 'commander';
import {
  belowOne,
  betweenZeroAndOne,
  bits,
  imageSize,
  notNegative,
  port,
  positive,
  positiveInteger,
  quantile,
  upToOne,
} from '../../dist/cli/option-values';
import { printable } from '../../dist/cli/printable';
import { fields, table, wrap } from '../../dist/cli/text-layout';
import { hostCheck } from '../../dist/serve/host-check';
import { imageBody } from '../../dist/serve/image-body';
import { parseInferRequest } from '../../dist/serve/infer-request';
import { withoutNumbers } from '../../dist/serve/long-json';
import { readNumbers } from '../../dist/serve/number-reader';
import { readBody } from '../../dist/serve/request-body';
import { elementCount } from '../../dist/shape';
import { smallMetadata } from '../support/small-network';
import { control } from '../support/terminal-controls';
import { expect, type Target } from './target';
import { json, type Within } from './within';

const unlimited = {
  grow() {},
  filling: (fill: ConstructorParameters<typeof Promise<void>>[0]) => new Promise<void>(fill),
} satisfies Parameters<typeof readBody>[1];
const image = 36;
const inputs = (shape: readonly number[], data: unknown, more = {}) => ({ name: 'input', shape, datatype: 'FP32', data, ...more });
const zeros = (count: number) => Array<number>(count).fill(0);
const requests: readonly object[] = [
  { id: 'a', inputs: [inputs([1, 6, 6, 1], zeros(image))], outputs: [{ name: 'logits', parameters: { classification: 2 } }] },
  {
    inputs: [
      inputs(
        [2, 6, 6, 1],
        [0, 1].map(() => zeros(6).map(() => zeros(6).map(() => [0]))),
      ),
    ],
    parameters: { binary_data_output: true },
  },
  { inputs: [{ ...inputs([1, 6, 6, 1], zeros(image)), datatype: 'UINT8' }] },
];

/** The first byte says whether the header with the length of the JSON is sent, and the next two are that length. */
function inferRequest(body: Uint8Array, length?: number): Buffer {
  const start = length === undefined ? Buffer.of(0, 0, 0) : Buffer.of(1, length & 255, length >> 8);
  return Buffer.concat([start, body]);
}
function binaryRequest(): Buffer {
  const header = JSON.stringify({ inputs: [inputs([1, 6, 6, 1], undefined, { parameters: { binary_data_size: 4 * image } })] });
  return inferRequest(Buffer.concat([Buffer.from(header), Buffer.alloc(4 * image)]), header.length);
}
/** The JSON of a request, whose length is kept right. */
const requestJson: Within = (bytes, change, random) => {
  const [hasLength = 0, low = 0, high = 0] = bytes;
  const body = bytes.subarray(3);
  const length = hasLength === 1 ? low + 256 * high : body.length;
  const changed = json(body.subarray(0, length), change, random)!;
  return inferRequest(Buffer.concat([changed, body.subarray(length)]), hasLength === 1 ? changed.length : undefined);
};

type Request = Parameters<typeof imageBody>[0];
const requestOf = (headers: Record<string, string>, body?: Buffer): Request => ({ headers, body }) as unknown as Request;

const form = (boundary: string, ...parts: string[]): string =>
  `multipart/form-data; boundary=${boundary}\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
const filePart = 'Content-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nabc';

const encodings: Readonly<Record<string, string>> = { g: 'gzip', d: 'deflate', i: 'identity' };
const body = Buffer.from('{"inputs":[]}'.repeat(20));
const maxBody = 100_000;

const isNumber = (fits: (value: number) => boolean) => (value: unknown) => typeof value === 'number' && fits(value);
function jsonOf(bytes: Uint8Array, reviver?: (key: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString(), reviver);
  } catch {
    return undefined;
  }
}
/** An array of numbers as JSON.parse reads it; undefined if it is none. */
function numbersOf(text: string): number[] | undefined {
  try {
    const value = JSON.parse(text);
    const flat = Array.isArray(value) ? value.flat(8) : undefined;
    return flat?.every((element) => typeof element === 'number') ? flat : undefined;
  } catch {
    return undefined;
  }
}
const bracketsBalance = (text: string): boolean => {
  let depth = 0;
  for (const [i, character] of [...text].entries()) {
    if (character === '[') depth++;
    else if (character === ']') depth--;
    if (depth < 0 || (depth === 0 && i < text.length - 1)) return false;
  }
  return depth === 0 && text !== '';
};
const longArray = (length: number, element = '1.5e-3') => `[${Array(length).fill(element).join()}]`;

/** What each parser of an option's value may give. */
const optionTypes: readonly (readonly [parse: (text: string) => unknown, fits: (value: unknown) => boolean])[] = [
  [positiveInteger, isNumber((value) => Number.isInteger(value) && value > 0)],
  [port, isNumber((value) => Number.isInteger(value) && value >= 0 && value < 65536)],
  [notNegative, isNumber((value) => Number.isFinite(value) && value >= 0)],
  [positive, isNumber((value) => Number.isFinite(value) && value > 0)],
  [betweenZeroAndOne, isNumber((value) => value > 0 && value < 1)],
  [belowOne, isNumber((value) => value >= 0 && value < 1)],
  [upToOne, isNumber((value) => value >= 0 && value <= 1)],
  [bits, isNumber((value) => Number.isInteger(value) && value >= 2 && value <= 16)],
  [quantile, (value) => value === 'auto' || value === 'max' || (Number(value) > 0 && Number(value) <= 1)],
  [imageSize, (value) => Array.isArray(value) && value.length === 2 && value.every((size) => Number.isInteger(size) && size > 0)],
];

export const protocolTargets: readonly Target[] = [
  {
    name: 'infer request',
    corpus: () => [
      ...requests.map((request) => inferRequest(Buffer.from(JSON.stringify(request)))),
      binaryRequest(),
      inferRequest(Buffer.alloc(4 * image), 0),
    ],
    words: ['"inputs":', '"shape":', '"FP32"', '"UINT8"', '"binary_data_size":', '"classification":', '[[', ']]', '1e999', 'NaN'],
    within: [requestJson],
    async run(bytes) {
      const [hasLength, low = 0, high = 0] = bytes;
      const { x } = await parseInferRequest(
        Buffer.from(bytes.subarray(3)),
        hasLength === 1 ? String(low + 256 * high) : undefined,
        smallMetadata,
      );
      expect(x.size === elementCount(x.shape) && x.data.every(Number.isFinite), 'the input is not of finite numbers');
    },
  },
  {
    name: 'long JSON',
    corpus: () =>
      [
        `{"inputs":[{"data":${longArray(200)},"shape":[1,2]}],"id":"a\\"b"}`,
        `{"a":${longArray(300, '7')},"b":[${longArray(180)},${longArray(180)}],"c":"[1,2]"}`,
        `{"a":"\\"${longArray(200)}","b":1}`,
        `[${longArray(250)},"\\\\"]`,
        `{${longArray(250)}:1}`,
      ].map((text) => Buffer.from(text)),
    words: ['"', '\\', '\\"', '[', ']', '],[', '{"data":', ':', ','],
    within: [json],
    async run(bytes) {
      const { rest, arrayOf } = await withoutNumbers(Buffer.from(bytes));
      const value = jsonOf(rest, (_, inner) => {
        const array = arrayOf(inner);
        return array ? JSON.parse(array.toString()) : inner;
      });
      const expected = jsonOf(bytes);
      expect(JSON.stringify(value) === JSON.stringify(expected), 'another value than of JSON.parse');
    },
  },
  {
    name: 'numbers of long JSON',
    corpus: () =>
      ['[1,2.5,-3e2,0.1]', '[[[[1]],[[2]]],[[[-0]],[[1e-5]]]]', '[ 1 , 2 ,\n3, 4]', '[123456789012345678901234567890,1E+2,5e-324,0]'].map(
        (text) => Buffer.from(text),
      ),
    words: [
      '1e400',
      '1e-23',
      '1e23',
      '-',
      '.',
      'e',
      '+',
      '0',
      '00',
      ',',
      '[',
      ']',
      '],[',
      ' ',
      '9007199254740993',
      '1e-400',
      '4.35',
      '2.2250738585072011e-308',
    ],
    async run(bytes) {
      const text = Buffer.from(bytes).toString('latin1');
      if (!/^\[[[\]\d+\-.eE, \t\r\n]*\]$/.test(text) || !bracketsBalance(text)) return; // long-json.ts takes out no others
      const expected = numbersOf(text);
      const read = await readNumbers(Buffer.from(bytes), [expected?.length ?? 4, 1, 1, 1], Float64Array);
      expect(expected !== undefined, 'JSON.parse refuses it');
      expect(
        read.every((value, i) => Object.is(value, expected[i])),
        'another number than of JSON.parse',
      );
    },
  },
  {
    name: 'Host and Origin',
    corpus: () =>
      [
        'localhost:8080\nhttp://localhost:8080\nsame-origin',
        '127.0.0.1\n\n',
        '[::1]:80\nhttp://[::1]:80\nnone',
        'model.example:1\nhttps://other.example\ncross-site',
      ].map((text) => Buffer.from(text)),
    words: ['localhost', 'localhost:1@other.example', 'model.example', '.', ':', '[', ']', 'http://', '\n', '@', '/', 'null', '\0'],
    run(bytes) {
      const [host, origin, site] = Buffer.from(bytes)
        .toString('latin1')
        .split('\n')
        .map((line) => line || undefined) as (string | undefined)[];
      hostCheck(['model.example'])({ host, origin, 'sec-fetch-site': site } as Parameters<ReturnType<typeof hostCheck>>[0]);
      const address = `http://${host ?? 'localhost'}`;
      if (!URL.canParse(address)) return; // no browser sends it
      const name = new URL(address).hostname.replace(/\.$/, '');
      expect(
        ['localhost', 'model.example', hostname().toLowerCase()].includes(name) || isIP(name.replace(/^\[|\]$/g, '')) > 0,
        'another host is accepted',
      );
    },
  },
  {
    name: 'form',
    corpus: () =>
      [form('x', filePart), form('"a b"', filePart, 'Content-Disposition: form-data; name="b"\r\n\r\nc'), 'image/png\nabc'].map((text) =>
        Buffer.from(text),
      ),
    words: ['\r\n--x', '--x--', '\r\n\r\n', 'filename=', 'multipart/form-data; boundary=', 'Content-Disposition: form-data; '],
    run(bytes) {
      const end = bytes.indexOf(0x0a);
      const type = Buffer.from(bytes.subarray(0, Math.max(0, end))).toString('latin1');
      const content = Buffer.from(bytes.subarray(end + 1));
      expect(imageBody(requestOf({ 'content-type': type }, content)).bytes.length <= content.length, 'more than the body');
    },
  },
  {
    name: 'content encoding',
    corpus: () => [
      Buffer.concat([Buffer.from('g'), gzipSync(body)]),
      Buffer.concat([Buffer.from('d'), deflateSync(body)]),
      Buffer.concat([Buffer.from('d'), deflateRawSync(body)]),
    ],
    async run(bytes) {
      const encoding = encodings[String.fromCharCode(bytes[0] ?? 0)] ?? 'gzip';
      const content = Buffer.from(bytes.subarray(1));
      const request = { ...requestOf({ 'content-encoding': encoding }), raw: Readable.from([Buffer.from(content)]) } as Parameters<
        typeof readBody
      >[0];
      const inflated = await readBody(request, unlimited, maxBody);
      expect(encoding === 'identity' || inflated.length <= maxBody, 'more than the limit');
    },
  },
  {
    name: 'option of the command line',
    corpus: () =>
      ['1', '0.5', '64x96', 'auto', 'max', '1e3', '0x10', ' 7 ', '9'.repeat(400), `1x${'9'.repeat(400)}`].map((text) => Buffer.from(text)),
    words: ['x', 'e', '.', '-', '+', 'Infinity', 'NaN', '0b1', '_'],
    run(bytes) {
      const text = Buffer.from(bytes).toString();
      for (const [parse, fits] of optionTypes) {
        let value: unknown;
        try {
          value = parse(text);
        } catch (error) {
          if (!(error instanceof InvalidArgumentError)) throw error;
          continue;
        }
        expect(fits(value), `${parse.name} gives ${String(value)}`);
      }
    },
  },
  {
    name: 'text on a terminal',
    corpus: () =>
      ['a class', '\u001b[2J\u001b]8;;http://x\u0007y\u001b]8;;\u0007', '\u009b31m', 'abc\u202edef\u2069', 'two\nlines\ttab'].map((text) =>
        Buffer.from(text),
      ),
    words: ['\u001b]', '\u0007', '\xc2\x9b', '\xe2\x80\xae', '\xe2\x81\xa6', ' ', '\r'],
    run(bytes) {
      const text = Buffer.from(bytes).toString();
      const shown = printable(text);
      expect(!control.test(shown) && !shown.includes('\n'), 'a control character is left');
      expect(printable(shown) === shown, 'escaped twice');
      const lines = [wrap(shown, 40), fields([[shown, shown]], 40), table({ rows: [[shown, '1']], isNumber: [false, true] }, 40)];
      expect(
        lines.every((line) => !control.test(line)),
        'a control character after layout',
      );
    },
  },
];
