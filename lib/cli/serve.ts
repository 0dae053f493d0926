// `addernet serve`: networks behind HTTP.
import { setThreads } from '../cpu';
import { AdderNetError } from '../errors';
import { createServer } from '../serve/server';
import type { ServerOptions } from '../serve/service';

const { version } = require('../../package.json') as { version: string };

interface ServeArguments extends Omit<ServerOptions, 'token' | 'version'> {
  host: string;
  port: number;
  drain: number;
}

export async function serve({ host, port, drain, ...options }: ServeArguments): Promise<void> {
  if (options.threads !== undefined) setThreads(options.threads);
  // Not an argument, which everybody on the machine can read.
  const token = process.env.ADDERNET_TOKEN;
  if (token === '')
    throw new AdderNetError('ERR_ARGUMENT', 'serve: ADDERNET_TOKEN is empty: set it to a token, or unset it to serve everybody');
  const server = await createServer({ ...options, version, token });
  const ended = new Promise<void>((resolve, reject) => {
    const end = (signal: string): void => {
      server.app.log.info(`${signal}: ending`);
      server.close(drain).then(resolve, reject);
    };
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, end);
  });
  try {
    await server.app.listen({ host, port });
  } catch (cause) {
    await server.close();
    throw new AdderNetError('ERR_ARGUMENT', `serve: cannot listen on ${host} port ${port}: ${(cause as Error).message}`, { cause });
  }
  for (const { name, version, metadata } of server.store.ready())
    server.app.log.info({ model: name, version, network: metadata.name, unit: metadata.unit }, 'ready');
  await ended;
}
