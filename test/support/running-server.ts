// A server of the small networks of the package, on a free port.
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { compile, generateDigits, load, loadQuantized, normalize } from '../../dist';
import { createServer, type InferenceServer } from '../../dist/serve/server';
import type { ServerOptions } from '../../dist/serve/service';

export const float = 'lenet5-bn-mnist';
export const bytes = 'lenet5-bn-mnist-8bit';

export const options: ServerOptions = {
  ...{ weights: [float, bytes], version: '1.2.3', logLevel: 'silent' },
  ...{ maxBatch: 32, maxDelay: 0, maxQueue: 256, maxBody: 1 << 20, maxPixels: 1e6, timeout: 5000, maxConnections: 100 },
  ...{ maxInFlight: 64 << 20, maxDecoding: 1 << 30, grace: 1000, hosts: [] },
};

/** It ends with the test. */
export async function running(t: Test, changed: Partial<ServerOptions> = {}): Promise<{ server: InferenceServer; url: string }> {
  const server = await createServer({ ...options, ...changed });
  t.teardown(() => server.close());
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  return { server, url: `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}` };
}

export const digits = generateDigits(5, 3);
/** The first of these digits as bytes and as the network takes them, and what its session answers. */
export async function expected(name: string, count: number) {
  const model = name === float ? await load(name) : await loadQuantized(name);
  const pixels = digits.images(0, count);
  const x = normalize(pixels, model.normalization.mean, model.normalization.std);
  const session = await compile(model);
  const y = session.runSync(x);
  session.dispose();
  return { pixels, x, y };
}
