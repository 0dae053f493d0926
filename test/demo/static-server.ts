// A host of static files, as any is: the repository's, by their types.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Test } from 'tap';
import { repository } from '../support/repository';

const types: Record<string, string> = {
  ...{ '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.mjs': 'text/javascript' },
  ...{ '.wasm': 'application/wasm', '.svg': 'image/svg+xml' },
};

/** It ends with the test. @param missing paths that are answered with 404 */
export async function hosting(t: Test, missing: readonly string[] = []): Promise<string> {
  const server = createServer(async ({ url }, response) => {
    const path = normalize(new URL(url!, 'http://localhost').pathname).replace(/\/$/, '/index.html');
    try {
      if (missing.includes(path)) throw new Error('missing');
      const content = await readFile(join(repository, path));
      response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
