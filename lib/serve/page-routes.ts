// The page for trying the networks. It loads nothing from other servers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { compressFile } from './content-encoding';

const files = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
} as const;

export function addPageRoutes(app: FastifyInstance): void {
  for (const [path, [file, type]] of Object.entries(files)) {
    const body = compressFile(readFileSync(join(__dirname, 'page', file)));
    app.get(path, { config: { open: true } }, async (request, reply) =>
      reply
        .type(type)
        .header(
          'content-security-policy',
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'no-cache')
        .send(body(request, reply)),
    );
  }
}
