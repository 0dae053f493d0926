// The soak in half a minute: each attack for less than a second, which shows whether the server stalls. Percentiles need longer, and a quiet machine.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import type { Row, Verdict } from './report';

t.test('attackers and a well-behaved client', async (t) => {
  const out = join(t.testdir(), 'soak.json');
  const child = spawn(process.execPath, [join(__dirname, 'serve.js'), '--minutes', '0.5', '--out', out]);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('exit', resolve)),
  ]);
  for (const line of stdout.split('\n')) t.comment(line);
  t.equal(stderr, '');
  t.equal(code, 0);
  const { rows, verdicts } = JSON.parse(readFileSync(out, 'utf8')) as { rows: Row[]; verdicts: Verdict[] };
  for (const { what, holds, because } of verdicts) t.ok(holds, `${what} (${because})`);
  const attacks = readdirSync(join(__dirname, 'attacks')).filter((file) => file.endsWith('.js'));
  t.same(
    attacks.map((file) => file.slice(0, -3)).filter((name) => !rows.some((row) => row.name === name)),
    [],
    'every attack was made',
  );
  for (const name of [...attacks.map((file) => file.slice(0, -3)), 'mixed'])
    t.ok(
      verdicts.some(({ what }) => what.startsWith(`${name}: `)),
      `${name} is judged`,
    );
});
