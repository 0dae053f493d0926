// What clients send to the server over gRPC.
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { decompress } from '../../dist/serve/grpc/decompress';
import { checkFields } from '../../dist/serve/grpc/field-limit';
import { protoFile } from '../../dist/serve/grpc/file-descriptors';
import { healthMethods } from '../../dist/serve/grpc/health-methods';
import { inputOf, outputOf } from '../../dist/serve/grpc/infer-messages';
import { inferRequest as inferFields } from '../../dist/serve/grpc/inference-methods';
import { frameOf, framesOf } from '../../dist/serve/grpc/message-frames';
import type { ModelInferRequest } from '../../dist/serve/grpc/messages';
import { type Method, methodOf } from '../../dist/serve/grpc/method';
import { reflectionMethods } from '../../dist/serve/grpc/reflection-methods';
import { badRequest } from '../../dist/serve/http-error';
import type { Service } from '../../dist/serve/service';
import { elementCount } from '../../dist/shape';
import { library } from '../support/repository';
import { smallMetadata } from '../support/small-network';
import { expect, type Target } from './target';
import type { Within } from './within';

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const load = (file: string): PackageDefinition =>
  loadSync(join(library, 'serve/grpc', file), { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true });
const protocols = once(() => ({ inference: load('inference.proto'), health: load('health.proto'), reflection: load('reflection.proto') }));
const modelInfer = () => (protocols().inference['inference.GRPCInferenceService'] as ServiceDefinition).ModelInfer!;

const image = 36;
const zeros = (count: number) => Array<number>(count).fill(0);
const inferRequests = (): Uint8Array[] => {
  const tensor = { name: 'input', shape: [1, 6, 6, 1], datatype: 'FP32' };
  const raw = { inputs: [tensor], raw_input_contents: [Buffer.alloc(4 * image)] };
  const packed = {
    id: 'a',
    inputs: [{ ...tensor, contents: { fp32_contents: zeros(image) } }],
    outputs: [{ name: 'logits', parameters: { classification: { int64_param: 2 } } }],
  };
  const pixels = { inputs: [{ ...tensor, datatype: 'UINT8', contents: { uint_contents: zeros(image) } }] };
  return [raw, packed, pixels].map((request) => modelInfer().requestSerialize(request as never));
};

/** For messages of a few kB. */
const maxNumbers = 100;

/** Reads a message as a call does: what protobufjs refuses is a client's mistake as well. */
function deserialize(message: Buffer, read: (message: Buffer) => unknown): unknown {
  try {
    return read(message);
  } catch (cause) {
    throw badRequest(`the message cannot be read: ${(cause as Error).message}`);
  }
}

/** The methods of health and reflection, in the order of their first byte here. */
const smallMethods = once((): readonly Method[] => {
  const { health, reflection, inference } = protocols();
  const codec = loadSync('google/protobuf/descriptor.proto');
  const files = [inference, health, reflection].map((definition) => protoFile(definition, codec));
  const store = { ready: () => [] };
  const service = { shutdown: new AbortController().signal, store } as unknown as Service;
  const methods = (definition: PackageDefinition, name: string, own: ReturnType<typeof healthMethods>) =>
    Object.entries(own).map(([method, part]) => methodOf((definition[name] as ServiceDefinition)[method]!, part));
  return [
    ...methods(health, 'grpc.health.v1.Health', healthMethods(service, ['', 'a'])),
    ...methods(reflection, 'grpc.reflection.v1.ServerReflection', reflectionMethods(files)),
  ];
});

async function* oneRequest(request: unknown): AsyncGenerator<never> {
  yield request as never;
}

const maxLength = 1000;
/** In parts of a length that the first byte says. */
function* partsOf(bytes: Uint8Array): Generator<Buffer> {
  const length = 1 + (bytes[0] ?? 0);
  for (let at = 1; at < bytes.length; at += length) yield Buffer.from(bytes.subarray(at, at + length));
}
const frames = (part: number, ...messages: string[]): Buffer =>
  Buffer.concat([Buffer.of(part), ...messages.map((message) => frameOf(Buffer.from(message)))]);

const encodings = ['gzip', 'deflate', 'identity'];
const repetitive = Buffer.from('{"inputs":[]}'.repeat(20));
/** What was compressed is changed, and compressed again. */
const compressed: Within = (bytes, change) => {
  const encoding = (bytes[0] ?? 0) % encodings.length;
  const content = change(repetitive);
  return Buffer.concat([Buffer.of(encoding), encoding === 0 ? gzipSync(content) : encoding === 1 ? deflateSync(content) : content]);
};

export const grpcTargets: readonly Target[] = [
  {
    name: 'gRPC infer request',
    corpus: inferRequests,
    words: ['input', 'FP32', 'UINT8', '\x2a\x00', '\x3a\x00', '\x08\x01', '\xff\xff\xff\xff\x0f'],
    run(bytes) {
      const message = Buffer.from(bytes);
      checkFields(message, inferFields, 1e6);
      const request = deserialize(message, modelInfer().requestDeserialize) as ModelInferRequest;
      outputOf(request);
      const { data, size, shape } = inputOf(request, smallMetadata, 64);
      expect(size === elementCount(shape) && data.every(Number.isFinite), 'the input is not of finite numbers');
    },
  },
  {
    name: 'numbers of a gRPC message',
    corpus: () => {
      const message = (contents: object) => modelInfer().requestSerialize({ inputs: [{ contents }] });
      return [
        message({ fp32_contents: zeros(maxNumbers), uint_contents: [1, 300] }),
        message({ int_contents: zeros(2 * maxNumbers), int64_contents: [1, 2], bool_contents: [true] }),
        message({ bytes_contents: [Buffer.alloc(9), Buffer.alloc(0)], fp64_contents: [0.5] }),
      ];
    },
    words: ['\x2a\x08', '\x12\x06', '\x22\x06', '\x32\x08', '\x3a\x08', '\x35\0\0\0\0', '\x10\x01', '\x20\x01', '\xc8\x01', '\x90\x03'],
    run(bytes) {
      const message = Buffer.from(bytes);
      checkFields(message, inferFields, maxNumbers);
      const { inputs } = deserialize(message, modelInfer().requestDeserialize) as ModelInferRequest;
      const sum = (kind: 'int_contents' | 'uint_contents' | 'fp32_contents') =>
        inputs.reduce((total, { contents }) => total + (contents?.[kind]?.length ?? 0), 0);
      // Two numbers of a byte count as one. Those that are not packed are fields, of 2 bytes and more, or of 5.
      expect(sum('int_contents') + sum('uint_contents') <= 2 * maxNumbers + message.length / 2, 'more integers than were counted');
      expect(sum('fp32_contents') <= maxNumbers + message.length / 5, 'more numbers than were counted');
    },
  },
  {
    name: 'gRPC frames',
    corpus: () => [frames(0, '', 'a'), frames(6, 'a message', 'another one'), frames(255, 'x'.repeat(700), '', 'b')],
    words: ['\0\0\0\0\0', '\x01\0\0\0\x01', '\0\0\0\x03\xe8', '\0\0\0\x03\xe9', '\0\xff\xff\xff\xff'],
    async run(bytes) {
      const content = Buffer.from(bytes.subarray(1));
      let [at, taken] = [0, 0];
      const takes = (size: number) => {
        taken = size;
      };
      const parts = partsOf(bytes) as unknown as AsyncIterable<Buffer>;
      for await (const { isCompressed, message } of framesOf(parts, maxLength, { begins() {}, takes })) {
        expect(message.length <= maxLength && taken <= maxLength, 'more than the limit');
        expect(isCompressed === (content[at] === 1) && content.readUInt32BE(at + 1) === message.length, 'another head');
        at += 5;
        expect(content.subarray(at, at + message.length).equals(message), 'another message');
        at += message.length;
      }
      expect(at === content.length, 'bytes are left over');
    },
  },
  {
    name: 'compressed gRPC message',
    corpus: () => [
      Buffer.concat([Buffer.of(0), gzipSync(repetitive)]),
      Buffer.concat([Buffer.of(1), deflateSync(repetitive)]),
      Buffer.concat([Buffer.of(2), repetitive]),
    ],
    within: [compressed],
    async run(bytes) {
      const encoding = encodings[(bytes[0] ?? 0) % encodings.length]!;
      const message = await decompress(Buffer.from(bytes.subarray(1)), encoding, maxLength, () => {});
      expect(encoding === 'identity' || message.length <= maxLength, 'more than the limit');
    },
  },
  {
    name: 'gRPC health and reflection',
    corpus: () => {
      const { health, reflection } = protocols();
      const { Check } = health['grpc.health.v1.Health'] as ServiceDefinition;
      const { ServerReflectionInfo } = reflection['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
      const checks = ['', 'a', 'b'].map((service) => Check!.requestSerialize({ service }));
      const questions = [
        { host: 'x', list_services: '' },
        { file_by_filename: 'inference.proto' },
        { file_containing_symbol: 'inference.GRPCInferenceService.ModelInfer' },
        { file_containing_extension: { containing_type: 'inference.ModelInferRequest', extension_number: 1 } },
      ].map((request) => ServerReflectionInfo!.requestSerialize(request));
      return [
        ...checks.flatMap((message) => [0, 1].map((method) => Buffer.concat([Buffer.of(method), message]))),
        ...questions.map((message) => Buffer.concat([Buffer.of(2), message])),
      ];
    },
    words: ['inference.', 'grpc.health.v1.Health', '__proto__', 'constructor', '.', '\x0a\x00', '\x22\x01a', '\x1a\x01a', '\u001b[2J'],
    async run(bytes) {
      const { check, answer, deserialize: read, serialize, maxMessage } = smallMethods()[(bytes[0] ?? 0) % smallMethods().length]!;
      const message = Buffer.from(bytes.subarray(1));
      check(message);
      if (message.length > maxMessage) return;
      const client = new AbortController();
      const call = { key: 'a', signal: client.signal, hold() {} } as unknown as Parameters<Method['answer']>[1];
      let answers = 0;
      for await (const response of answer(oneRequest(deserialize(message, read)), call)) {
        expect(serialize(response).length < 100_000 && ++answers < 3, 'a long answer');
        client.abort(); // Watch lasts until then
      }
    },
  },
];
