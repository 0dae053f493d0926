// What the runtimes fetch: the library, the networks and their images, on a port of this machine.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Test } from 'tap';
import { generateDigits } from '../../dist';
import { Random } from '../../dist/random';
import { repository } from '../support/repository';
import { folder } from './built';

const noise = (bytes: number, seed: number): Uint8Array => {
  const random = new Random(seed);
  return Uint8Array.from({ length: bytes }, () => random.integer(256));
};

/** The images of each network, one after the other. */
const digits = generateDigits(6, 3).images(0, 6).data;
const colors = noise(4 * 32 * 32 * 3, 5);
export const imagesOf: Record<string, Uint8Array> = {
  'lenet5-bn-mnist-8bit': digits,
  'resnet20-cifar10-8bit': colors,
  'resnet20-cifar10': colors,
  'resnet20-cifar10-2x2-8bit': colors,
};

const folders: Record<string, string> = { wasm: folder, models: join(repository, 'models'), page: join(repository, 'test/wasm/page') };
const types: Record<string, string> = { '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };

function contents(path: string): string | Uint8Array | undefined {
  if (path === '/page.html') return '<!doctype html><title>addernet/wasm</title><link rel="icon" href="data:,">';
  if (path === '/networks.json')
    return JSON.stringify(Object.fromEntries(Object.keys(imagesOf).map((name) => [name, imagesOf[name] === digits ? 'digits' : 'colors'])));
  if (path === '/digits') return digits;
  if (path === '/colors') return colors;
  const [, parent, file] = /^\/(\w+)\/([\w.-]+)$/.exec(path) ?? [];
  try {
    return folders[parent!] && readFileSync(join(folders[parent!]!, file!));
  } catch {
    return undefined;
  }
}

/** Its URL. It ends with the test. */
export async function serving(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const body = contents(pathname);
    if (pathname === '/half') {
      response.writeHead(200, { 'content-length': 1000 }).write('x', () => response.destroy());
      return;
    }
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': types[extname(pathname)] ?? 'application/octet-stream' });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
