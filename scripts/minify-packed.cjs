// For `npm pack`: the compiled JavaScript without comments and whitespace, a third of its size, and the bundle of ES modules, which bundlers
// shorten anyway, with short names inside of functions; those of functions and classes stay. Declarations keep their comments; `npm run build:ts`
// brings readable files back.
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { transformSync } = require('esbuild');

for (const folder of ['dist', 'dist-bench']) {
  const files = readdirSync(join(__dirname, '..', folder), { recursive: true });
  for (const file of files.filter((name) => /\.m?js$/.test(name))) {
    const path = join(__dirname, '..', folder, file);
    const source = readFileSync(path, 'utf8');
    const isBundle = file.endsWith('.mjs');
    // For `import { name }`, Node finds names that a CommonJS module re-exports by this spelling alone; minified it would read enumerable:!0.
    const reexports = source.includes('{ enumerable: true, get: function');
    writeFileSync(
      path,
      transformSync(source, { minifyWhitespace: true, minifySyntax: !reexports, minifyIdentifiers: isBundle, keepNames: isBundle }).code,
    );
  }
}
