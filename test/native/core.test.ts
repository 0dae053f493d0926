// The tests of the core in C++ (test/native/**/*.cc), which know nothing of Node: one executable, built beside the addon, and one of WebAssembly.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nativePrograms, wasmPrograms } from '../support/core-programs';
import { testNeeding } from '../support/needing';

for (const [what, { build, suffix, emulator }] of Object.entries({ 'the core': nativePrograms, 'the core in WebAssembly': wasmPrograms })) {
  const program = join(build, `addernet_core_test${suffix}`);
  const absent = !existsSync(program) && `${program} is not there: npm run build:native, scripts/build-wasm.sh --tests`;
  testNeeding([absent], what, (t) => {
    const [command, ...args] = [...emulator, program];
    const { status, stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8' });
    const results = [...stdout.matchAll(/^(not )?ok \d+ - (.*)$/gm)];
    for (const [, failed, name] of results) t.notOk(failed, name!);
    t.ok(results.length > 20, 'the executable has tests');
    t.equal(status, 0, 'it ends well', { stdout, stderr });
  });
}
