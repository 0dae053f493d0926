// The tests of the core in C++ (test/native/**/*.cc), which know nothing of Node: one executable, built beside the addon.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { testNeeding } from '../support/needing';

const program = join(__dirname, '../../build/native/addernet_core_test');
const executable = process.platform === 'win32' ? `${program}.exe` : program;

testNeeding([!existsSync(executable) && 'addernet_core_test is not built: npm run build:native'], 'the core', (t) => {
  const { status, stdout, stderr } = spawnSync(executable, { encoding: 'utf8' });
  const results = [...stdout.matchAll(/^(not )?ok \d+ - (.*)$/gm)];
  for (const [, failed, name] of results) t.notOk(failed, name!);
  t.ok(results.length > 20, 'the executable has tests');
  t.equal(status, 0, 'it ends well', { stdout, stderr });
});
