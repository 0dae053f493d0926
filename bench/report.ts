// bench/RESULTS.md, a page for each CPU in bench/results, and their charts, from the JSON that `addernet bench … --json` prints: nothing in them
// is written by hand.
//
//   node dist-bench/report.js [folder of results, default bench/results]
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../dist/io/write-file';
import { cpuPage } from './report/cpu-page';
import { readMeasurements } from './report/measurements';
import { overview } from './report/overview';

async function write(folder: string, name: string, { markdown, charts }: { markdown: string; charts: Map<string, string> }): Promise<void> {
  for (const [file, text] of [...charts, [name, markdown] as const]) await writeFileAtomic(join(folder, file), text);
}

async function main(folder: string): Promise<void> {
  const all = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readMeasurements(join(folder, name)));
  for (const measured of all) await write(join(folder, measured.name), 'README.md', await cpuPage(measured));
  await write(dirname(folder), 'RESULTS.md', await overview(all));
}

if (require.main === module) void main(process.argv[2] ?? join(__dirname, '../bench/results'));
