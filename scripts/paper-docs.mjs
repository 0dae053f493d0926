// node scripts/paper-docs.mjs DIR: the result of `addernet figures --out DIR` into docs/paper, with images small enough for a repository.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

const [from] = process.argv.slice(2);
const to = join(import.meta.dirname, '../docs/paper');
const files = readdirSync(from, { recursive: true }).filter((file) => /^(?!cache)/.test(file) && /(README\.md|\.json|\.png)$/.test(file));

rmSync(to, { recursive: true, force: true });
for (const file of files) {
  const target = join(to, file);
  mkdirSync(dirname(target), { recursive: true });
  if (file.endsWith('.md')) cpSync(join(from, file), target);
  else if (file.endsWith('.json')) writeFileSync(target, `${JSON.stringify(JSON.parse(readFileSync(join(from, file), 'utf8')))}\n`);
  // The files have twice as many pixels as the page shows; lines and dots need few colors.
  else {
    const { width } = await sharp(join(from, file)).metadata();
    await sharp(join(from, file))
      .resize(Math.round(width / 2))
      .png({ palette: true, colours: 64, effort: 10 })
      .toFile(target);
  }
}
console.log(`${files.length} files in ${to}`);
