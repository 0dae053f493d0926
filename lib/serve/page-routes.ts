// The page for trying the networks: that of docs/demo, which also runs without a server. Here it may choose this server's networks, and run the
// bundled ones in the browser, which gets its library and networks from here. Nothing comes from other hosts.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pretrainedModels } from '../models';
import { packageFile } from '../package-files';
import { compressFile } from './content-encoding';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.safetensors': 'application/octet-stream',
};

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

/** The library of browsers, by its paths. */
const library = ['dist/wasm/index.mjs', 'dist/wasm/addernet.wasm'];

/** Without the page's files there is none, and without the library the page has no engine but the server. */
export function addPageRoutes(app: FastifyInstance): void {
  const folder = packageFile('docs/demo');
  if (folder === undefined) return;
  const libraryFiles = library.map(packageFile);
  const hasLibrary = libraryFiles.every((file) => file !== undefined);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = name.replaceAll('\\', '/');
    if (path === 'index.html') addFile(app, '/', join(folder, name), (html) => withServer(html, hasLibrary));
    else if (extname(path) in types) addFile(app, `/${path}`, join(folder, name));
  }
  if (!hasLibrary) return;
  for (const [i, file] of libraryFiles.entries()) addFile(app, `/${library[i]}`, file!);
  for (const name of pretrainedModels()) {
    const path = `models/${name}.safetensors`;
    addFile(app, `/${path}`, packageFile(path)!);
  }
}

/** Reads and compresses the file when it is first asked for, once. Networks hardly become shorter. */
function addFile(app: FastifyInstance, path: string, file: string, change = (content: Buffer): Buffer => content): void {
  const type = types[extname(file)]!;
  const isNetwork = extname(file) === '.safetensors';
  let body: ReturnType<typeof compressFile> | undefined;
  app.get(path, { config: { open: true } }, async (request, reply) => {
    if (body === undefined) {
      const content = change(readFileSync(file));
      body = isNetwork ? () => content : compressFile(content);
    }
    return reply.type(type).headers(headers).send(body(request, reply));
  });
}

/** Tells the page that a server is there, and whether it serves what the page needs to run networks itself. */
const withServer = (html: Buffer, hasLibrary: boolean): Buffer =>
  Buffer.from(String(html).replace('<head>', `<head>\n    <meta name="addernet-server" content="${hasLibrary ? 'browser' : ''}">`));
