// Every promise of docs/reliability.md names tests that are there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { repository } from '../support/repository';

const rows = [...readFileSync(join(repository, 'docs/reliability.md'), 'utf8').matchAll(/^\| ([A-Z].*) \| (`.*`) \|$/gm)];

t.test('every promise has its tests', async (t) => {
  t.ok(rows.length > 20);
  for (const [, promise, names] of rows)
    for (const [, name] of names!.matchAll(/`([^`]+)`/g)) {
      const files = name!.includes('.') ? [name!] : [`${name}.test.ts`, name!.replace(/\*$/, '')];
      t.ok(
        files.some((file) => existsSync(join(repository, 'test', file.replace(/\/?\*+$/, '')))),
        `${promise!.slice(0, 50)}: ${name}`,
      );
    }
});
