// The same service over gRPC: inference, health and reflection.
import { once } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { AdderNetError } from '../../errors';
import { packageError } from '../../optional-package';
import type { Service } from '../service';
import type { Call } from './call';
import { protoFile } from './file-descriptors';
import { healthMethods } from './health-methods';
import { serveConnection } from './http2-connection';
import { inferenceMethods } from './inference-methods';
import { type Method, type MethodImplementation, methodOf } from './method';
import { reflectionMethods } from './reflection-methods';

export interface GrpcServer {
  readonly port: number;
  /** Takes no new calls and answers those already accepted. Resolves when all connections are closed. */
  close(): Promise<void>;
}

/** In milliseconds: how long a client has to close its side of a connection after the server has closed its own. */
const linger = 100;

/**
 * Starts listening.
 * @param log called with unexpected errors
 * @throws {AdderNetError} as a rejection: ERR_PEER_MISSING if @grpc/proto-loader is not installed, ERR_PEER_BROKEN if it does not load;
 *   ERR_ARGUMENT if it cannot listen at the address
 */
export async function startGrpc(
  service: Service,
  { host, port }: { host: string; port: number },
  log: (error: unknown) => void,
): Promise<GrpcServer> {
  const methods = methodsOf(service, log);
  const calls = new Set<Call>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    socket.on('error', () => {});
    const session = serveConnection(socket, methods, { service, calls, log });
    if (!session) return;
    sessions.add(session);
    socket.once('close', () => sessions.delete(session));
    socket.once('finish', () => setTimeout(() => socket.destroy(), linger).unref());
  });
  server.listen(port, host);
  await once(server, 'listening').catch((cause: Error) => {
    throw new AdderNetError('ERR_ARGUMENT', `serve: cannot listen on ${host} port ${port} for gRPC: ${cause.message}`, { cause });
  });
  server.on('error', log); // the system refused it a connection
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const call of calls) call.close();
      for (const session of sessions) session.close();
      await closed;
    },
  };
}

/** The methods by their paths. */
function methodsOf(service: Service, log: (error: unknown) => void): ReadonlyMap<string, Method> {
  const { loadSync } = loadProtoLoader();
  const load = (file: string): PackageDefinition =>
    loadSync(join(__dirname, file), { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true });
  const [inference, health, reflection] = ['inference.proto', 'health.proto', 'reflection.proto'].map(load) as [
    PackageDefinition,
    PackageDefinition,
    PackageDefinition,
  ];
  const inferenceName = 'inference.GRPCInferenceService';
  const codec = loadSync('google/protobuf/descriptor.proto');
  const files = [inference, health, reflection].map((definition) => protoFile(definition, codec));
  const methods = new Map<string, Method>();
  const add = (definition: PackageDefinition, name: string, implemented: Readonly<Record<string, MethodImplementation>>, as = name) => {
    for (const [method, implementation] of Object.entries(implemented))
      methods.set(`/${as}/${method}`, methodOf((definition[name] as ServiceDefinition)[method]!, implementation));
  };
  add(inference, inferenceName, inferenceMethods(service, log));
  add(health, 'grpc.health.v1.Health', healthMethods(service, ['', inferenceName]));
  // The messages of both versions are the same.
  for (const version of ['v1', 'v1alpha'])
    add(reflection, 'grpc.reflection.v1.ServerReflection', reflectionMethods(files), `grpc.reflection.${version}.ServerReflection`);
  return methods;
}

function loadProtoLoader() {
  try {
    return require('@grpc/proto-loader') as typeof import('@grpc/proto-loader');
  } catch (cause) {
    throw packageError('@grpc/proto-loader', 'serve: gRPC', cause);
  }
}
