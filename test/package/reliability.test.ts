// Every promise of docs/reliability.md names tests, and every test that it names is there and runs: in `npm test`, or in what continuous integration
// runs beside it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { repository } from '../support/repository';

const read = (...path: string[]): string => readFileSync(join(repository, ...path), 'utf8');
const page = read('docs/reliability.md');
const ci = read('.ci/run');
const files = readdirSync(join(repository, 'test'), { recursive: true }).map((file) => String(file).replaceAll('\\', '/'));
const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.slice(0, file.indexOf('/'))));

/** The files of a name such as `io/write-file`, `io/*`, `native/**` or `native/plan/arena_test.cc`. */
function filesOf(name: string): string[] {
  const pattern = name.replaceAll('.', '\\.').replace(/\*+/g, (stars) => (stars.length === 2 ? '.*' : '[^/]*'));
  return files.filter((file) => new RegExp(`^${pattern}$`).test(file.replace(/\.test\.ts$/, '')));
}

function runs(file: string): boolean {
  if (file.endsWith('.test.ts')) return true;
  if (/^native\/.*_test\.cc$/.test(file)) return true; // test/native/core.test.ts
  const [, fuzzer] = /^fuzz\/native\/(\w+)_fuzz\.cc$/.exec(file) ?? [];
  return fuzzer !== undefined && new RegExp(`^for fuzzer in .*\\b${fuzzer}\\b`, 'm').test(read('scripts/fuzz-native.sh'));
}

t.test('continuous integration runs all tests and the fuzzers, and lets none skip', async (t) => {
  t.match(ci, /^ADDERNET_REQUIRE_ALL=1 npm run -s test$/m);
  t.match(ci, /^scripts\/fuzz-native\.sh \d+$/m);
  t.match(ci, /^node dist-test\/fuzz\/parsers\.js --seconds \d+/m);
  t.match(read('.taprc'), /^include: \["dist-test\/\*\*\/\*\.test\.js"\]$/m);
});

t.test('every promise has its tests', async (t) => {
  const tables = [...page.matchAll(/^\| promise \| tests \|\n\|---\|---\|\n((?:\|.*\n)+)/gm)];
  const rows = tables.flatMap(([, body]) => body!.trim().split('\n'));
  t.ok(tables.length >= 4 && rows.length > 20);
  for (const row of rows) t.match(row, /^\| [A-Z].*\. \| `[^`|]+`(, `[^`|]+`)* \|$/);
});

t.test('every test that is named runs', async (t) => {
  const names = [...page.matchAll(/`([^`\s]+)`/g)].map(([, name]) => name!).filter((name) => folders.has(name.split('/')[0]!));
  t.ok(names.length > 40);
  for (const name of new Set(names)) {
    const tests = filesOf(name).filter(runs);
    t.ok(name.includes('*') ? tests.length > 0 : tests.length === 1, name, { tests });
  }
});
