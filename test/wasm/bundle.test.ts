// The files of addernet/wasm are what browsers and edge functions can take: small, and without imports.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';
import t from 'tap';
import { testNeeding } from '../support/needing';
import { entryFile, folder, missingModule, moduleFile } from './built';

/** What an ES module imports, in whatever way. */
function importsOf(file: string): string[] {
  // Formatted anew, each import is a line of its own, or a call.
  const { code } = transformSync(readFileSync(file, 'utf8'), { format: 'esm', minify: false, legalComments: 'none' });
  return [...code.matchAll(/^(?:import|export)\b.*?["'](.+)["'];?$|\b(?:import|require)\((.*?)\)/gm)].map(
    ([, from, call]) => from ?? call!,
  );
}

t.test('no imports', async (t) => {
  t.same(importsOf(entryFile), []);
  t.same(importsOf(join(folder, 'workerd.mjs')), ['./addernet.wasm', './index.mjs', './index.mjs'], 'but the files beside it');
});

testNeeding([missingModule], 'the module needs nothing, and is small', (t) => {
  const bytes = readFileSync(moduleFile);
  const { Module } = (
    globalThis as unknown as { WebAssembly: { Module: { new (bytes: Uint8Array): object; imports(module: object): object[] } } }
  ).WebAssembly;
  t.same(Module.imports(new Module(bytes)), []);
  const code = readFileSync(entryFile);
  const [zipped, zippedCode] = [gzipSync(bytes).length, gzipSync(code).length];
  t.comment(`addernet.wasm ${bytes.length} bytes, gzipped ${zipped}; index.mjs ${code.length}, gzipped ${zippedCode}`);
  t.ok(bytes.length <= 300_000 && zipped <= 120_000, 'addernet.wasm');
  t.ok(code.length <= 150_000 && zippedCode <= 50_000, 'index.mjs');
  t.end();
});
