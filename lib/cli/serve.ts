// `addernet serve`: serves networks over HTTP and gRPC.
import { setThreads } from '../cpu';
import { AdderNetError } from '../errors';
import { createServer, type InferenceServer } from '../serve/server';
import type { ServerOptions } from '../serve/service';
import { printError } from './terminal';

const { version } = require('../../package.json') as { version: string };

/** In milliseconds. Ctrl-C in a terminal reaches a program that npx started twice: from the terminal and from npx. */
const repeated = 200;

interface ServeArguments extends Omit<ServerOptions, 'token' | 'version' | 'hosts' | 'maxInFlight' | 'maxDecoding'> {
  maxInFlight?: number;
  maxDecoding?: number;
  allowHost?: readonly string[];
  host: string;
  port: number;
  grpcPort?: number;
  drain: number;
}

export async function serve({ host, port, grpcPort, drain, allowHost: hosts = [], ...options }: ServeArguments): Promise<void> {
  if (options.threads !== undefined) setThreads(options.threads);
  // The token is not an argument, because all users of a machine can read the arguments of its processes.
  const token = process.env.ADDERNET_TOKEN;
  if (token === '')
    throw new AdderNetError('ERR_ARGUMENT', 'serve: ADDERNET_TOKEN is empty: set it to a token, or unset it to serve without one');
  const maxInFlight = Math.max(options.maxBody, affordableBytes(256 << 20));
  const server = await createServer({ maxInFlight, maxDecoding: affordableBytes(1 << 30), ...options, hosts, version, token });
  const closed = new Promise<void>((resolve, reject) => {
    let began: number | undefined;
    const shutDown = (signal: NodeJS.Signals): void => {
      if (began !== undefined) {
        if (performance.now() - began < repeated) return;
        // A second signal means not to wait for clients. The system ends the process; Node would first wait for images that are being decoded.
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
        return;
      }
      began = performance.now();
      server.app.log.info(`${signal}: shutting down`);
      server.close(drain).then(resolve, reject);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, shutDown);
  });
  closed.catch(() => {}); // a signal may come before it is awaited
  // A log that cannot be written, on a full disk or without a reader, ends other commands, but not the server.
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => {});
  try {
    await listen(server, host, port);
    if (grpcPort !== undefined) server.app.log.info(`gRPC at ${host}:${(await server.listenGrpc({ host, port: grpcPort })).port}`);
  } catch (error) {
    await server.close();
    throw error;
  }
  for (const { name, version, metadata } of server.store.ready())
    server.app.log.info({ model: name, version, network: metadata.name, kind: metadata.kind }, 'ready');
  // The log is JSON for programs; at a terminal, a person needs the URL.
  if (process.stderr.isTTY) printError(`Try it at ${server.app.listeningOrigin}; Ctrl-C stops the server.`);
  await closed;
}

/**
 * At most an eighth of the memory of the container, because the allocator keeps part of what is freed. Without a limit, Node reports 0 or more
 * than any memory.
 */
function affordableBytes(enough: number): number {
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(enough, Math.floor(limit / 8));
}

async function listen({ app }: InferenceServer, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new AdderNetError('ERR_ARGUMENT', `serve: cannot listen on ${host} port ${port}: ${(cause as Error).message}`, { cause });
  }
}
