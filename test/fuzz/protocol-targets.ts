// What clients send to the server, and what is typed on the command line.

import { join } from 'node:path';
import { Readable } from 'node:stream';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
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
import { checkFields } from '../../dist/serve/grpc/field-limit';
import { inputOf, outputOf } from '../../dist/serve/grpc/infer-messages';
import { inferRequest as inferFields } from '../../dist/serve/grpc/inference-methods';
import type { ModelInferRequest } from '../../dist/serve/grpc/messages';
import { badRequest } from '../../dist/serve/http-error';
import { imageBody } from '../../dist/serve/image-body';
import { parseInferRequest } from '../../dist/serve/infer-request';
import { readBody } from '../../dist/serve/request-body';
import { elementCount } from '../../dist/shape';
import { library } from '../support/repository';
import { smallMetadata } from '../support/small-network';
import { expect, type Target } from './target';
import type { Within } from './within';
import { json } from './within';

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
/** What each parser of an option's value may give. */
const optionTypes: readonly (readonly [parse: (text: string) => unknown, fits: (value: unknown) => boolean])[] = [
  [positiveInteger, isNumber((value) => Number.isInteger(value) && value > 0)],
  [port, isNumber((value) => Number.isInteger(value) && value >= 0 && value < 65536)],
  [notNegative, isNumber((value) => Number.isFinite(value) && value >= 0)],
  [positive, isNumber((value) => Number.isFinite(value) && value > 0)],
  [betweenZeroAndOne, isNumber((value) => value > 0 && value < 1)],
  [belowOne, isNumber((value) => value >= 0 && value < 1)],
  [upToOne, isNumber((value) => value >= 0 && value <= 1)],
  [bits, isNumber((value) => Number.isInteger(value) && value >= 2 && value <= 8)],
  [quantile, (value) => value === 'auto' || value === 'max' || (Number(value) > 0 && Number(value) <= 1)],
  [imageSize, (value) => Array.isArray(value) && value.length === 2 && value.every((size) => Number.isInteger(size) && size > 0)],
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
const control = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

let infer: ServiceDefinition[string] | undefined;
const modelInfer = (): ServiceDefinition[string] => {
  infer ??= (
    loadSync(join(library, 'serve/grpc/inference.proto'), { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true })[
      'inference.GRPCInferenceService'
    ] as ServiceDefinition
  ).ModelInfer!;
  return infer;
};

/** Reads a message as a call does: what protobufjs refuses is a client's mistake as well. */
function grpcRequest(message: Buffer): ModelInferRequest {
  checkFields(message, inferFields, 1e6);
  try {
    return modelInfer().requestDeserialize(message) as ModelInferRequest;
  } catch (cause) {
    throw badRequest(`the message cannot be read: ${(cause as Error).message}`);
  }
}

export const protocolTargets: readonly Target[] = [
  {
    name: 'gRPC infer request',
    corpus: () => {
      const tensor = { name: 'input', shape: [1, 6, 6, 1], datatype: 'FP32' };
      const raw = { inputs: [tensor], raw_input_contents: [Buffer.alloc(4 * image)] };
      const packed = {
        id: 'a',
        inputs: [{ ...tensor, contents: { fp32_contents: zeros(image) } }],
        outputs: [{ name: 'logits', parameters: { classification: { int64_param: 2 } } }],
      };
      const pixels = { inputs: [{ ...tensor, datatype: 'UINT8', contents: { uint_contents: zeros(image) } }] };
      return [raw, packed, pixels].map((request) => modelInfer().requestSerialize(request as never));
    },
    words: ['input', 'FP32', 'UINT8', '\x2a\x00', '\x3a\x00', '\x08\x01', '\xff\xff\xff\xff\x0f'],
    run(bytes) {
      const request = grpcRequest(Buffer.from(bytes));
      outputOf(request);
      const { data, size, shape } = inputOf(request, smallMetadata, 64);
      expect(size === elementCount(shape) && data.every(Number.isFinite), 'the input is not of finite numbers');
    },
  },
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
      const request = { ...requestOf({ 'content-encoding': encoding }), raw: Readable.from([content]) } as Parameters<typeof readBody>[0];
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
      expect(!control.test(shown), 'a control character is left');
      expect(printable(shown) === shown, 'escaped twice');
      const lines = [wrap(shown, 40), fields([[shown, shown]], 40), table({ rows: [[shown, '1']], isNumber: [false, true] }, 40)];
      expect(
        lines.every((line) => line.split('\n').every((part) => !control.test(part))),
        'a control character after layout',
      );
    },
  },
];
