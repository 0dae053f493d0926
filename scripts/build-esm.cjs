// dist/esm, for bundlers: the package as ES modules (condition `module` of package.json), of the same sources. Node itself takes the
// CommonJS build for `import` and `require` alike, so that a process has each class once. Needs dist/ of tsc beside it for the types.
const { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { buildSync } = require('esbuild');

const root = join(__dirname, '..');
const out = join(root, 'dist/esm');

// What CommonJS gives a file. A bundle of CommonJS has __filename and no import.meta, one of ES modules the other way round, and webpack
// answers `typeof __filename` before it knows; it also follows an imported createRequire, and fails at a name that it cannot know.
const banner = `import { dirname as addernetDirname } from 'node:path';
import { fileURLToPath as addernetPath } from 'node:url';
let addernetFile;
try {
  addernetFile = __filename;
} catch {
  addernetFile = addernetPath(import.meta.url);
}
const addernetFolder = addernetDirname(addernetFile);
const require = process.getBuiltinModule('node:module').createRequire(addernetFile);`;

buildSync({
  absWorkingDir: root,
  entryPoints: ['lib/index.ts', 'lib/binding.ts'],
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['fflate', 'sharp'],
  banner: { js: banner },
  define: { __dirname: 'addernetFolder' },
  logLevel: 'warning',
});

for (const file of readdirSync(join(root, 'lib/static'))) {
  const source = readFileSync(join(root, 'lib/static', file), 'utf8');
  writeFileSync(join(out, file.replace('.ts', '.mjs')), source.replace("'../binding'", "'./binding.mjs'").replace("'../index'", "'./index.mjs'"));
}

// dist/wasm, for browsers, workers and edge functions: one ES module without imports, where a file has a form for them (*.web.ts) of that form, and the
// module of scripts/build-wasm.sh beside it, where that was built.
const wasm = join(root, 'dist/wasm');
buildSync({
  absWorkingDir: root,
  entryPoints: { index: 'lib/web/index.ts' },
  outdir: wasm,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  resolveExtensions: ['.web.ts', '.ts'],
  minify: true,
  legalComments: 'none',
  define: { urlOfThisFile: 'import.meta.url' },
  logLevel: 'warning',
});
const built = join(root, 'prebuilds/wasm32/addernet.wasm');
if (existsSync(built)) copyFileSync(built, join(wasm, 'addernet.wasm'));
writeFileSync(
  join(wasm, 'workerd.mjs'),
  `import module from './addernet.wasm';
import { init } from './index.mjs';

await init(module);
export * from './index.mjs';
`,
);
