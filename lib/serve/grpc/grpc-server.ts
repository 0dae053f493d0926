// The same service over gRPC: inference, health and reflection.
import { join } from 'node:path';
import type * as Grpc from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { AdderNetError } from '../../errors';
import { packageError } from '../../optional-package';
import type { Service } from '../service';
import { protoFile } from './file-descriptors';
import { healthCalls } from './health-calls';
import { inferenceCalls } from './inference-calls';
import { OpenStreams } from './open-streams';
import { reflectionCalls } from './reflection-calls';

export interface GrpcServer {
  readonly port: number;
  /** Takes no new calls and answers those already accepted. */
  close(): Promise<void>;
}

/**
 * Starts listening.
 * @param log called with unexpected errors
 * @throws {AdderNetError} as a rejection: ERR_PEER_MISSING if @grpc/grpc-js or @grpc/proto-loader is not installed, ERR_PEER_BROKEN if one does
 *   not load; ERR_ARGUMENT if it cannot listen at the address
 */
export async function startGrpc(
  service: Service,
  address: { host: string; port: number },
  log: (error: unknown) => void,
): Promise<GrpcServer> {
  const grpc = loadGrpc();
  const { loadSync } = loadProtoLoader();
  const load = (file: string): PackageDefinition =>
    loadSync(join(__dirname, file), { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true });
  const [inference, health, reflection] = ['inference.proto', 'health.proto', 'reflection.proto'].map(load) as [
    PackageDefinition,
    PackageDefinition,
    PackageDefinition,
  ];
  const server = new grpc.Server({ 'grpc.max_receive_message_length': service.options.maxBody });
  const streams = new OpenStreams();
  const serviceOf = (definition: PackageDefinition, name: string) => definition[name] as Grpc.ServiceDefinition;
  const inferenceName = 'inference.GRPCInferenceService';
  server.addService(serviceOf(inference, inferenceName), inferenceCalls(grpc, service, streams, log));
  server.addService(serviceOf(health, 'grpc.health.v1.Health'), healthCalls(grpc, service, streams, ['', inferenceName]));
  const reflectionService = serviceOf(reflection, 'grpc.reflection.v1.ServerReflection');
  const codec = loadSync('google/protobuf/descriptor.proto');
  const files = [inference, health, reflection].map((definition) => protoFile(definition, codec));
  for (const version of ['v1', 'v1alpha'])
    server.addService(renamed(reflectionService, version), reflectionCalls(grpc, service, streams, files, log));

  const { host, port } = address;
  const bound = await new Promise<number>((resolve, reject) => {
    const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    server.bindAsync(target, grpc.ServerCredentials.createInsecure(), (error, boundPort) => (error ? reject(error) : resolve(boundPort)));
  }).catch((cause: Error) => {
    throw new AdderNetError('ERR_ARGUMENT', `serve: cannot listen on ${host} port ${port} for gRPC: ${cause.message}`, { cause });
  });
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.tryShutdown(() => resolve());
        streams.end();
      }),
  };
}

/** The reflection service under the name of another version. The messages of both versions are the same. */
const renamed = (service: Grpc.ServiceDefinition, version: string): Grpc.ServiceDefinition =>
  Object.fromEntries(
    Object.entries(service).map(([name, method]) => [name, { ...method, path: method.path.replace('.v1.', `.${version}.`) }]),
  );

const packages = ['@grpc/grpc-js', '@grpc/proto-loader'];

function loadGrpc() {
  try {
    return require('@grpc/grpc-js') as typeof Grpc;
  } catch (cause) {
    throw packageError('@grpc/grpc-js', 'serve: gRPC', cause, packages);
  }
}

function loadProtoLoader() {
  try {
    return require('@grpc/proto-loader') as typeof import('@grpc/proto-loader');
  } catch (cause) {
    throw packageError('@grpc/proto-loader', 'serve: gRPC', cause, packages);
  }
}
