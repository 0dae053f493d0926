// A thread that loses its core to another program holds no more than the images it is at: threads do not wait for each other at every layer.
// That is shown with threads that are held for as long as it takes, in a program of C++ (test/native/lost-core.cc).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingProgram, testNeeding } from '../../support/needing';

const root = join(__dirname, '../../..');
const sources = ['plan/plan.cc', 'plan/arena.cc', 'runtime/thread_pool.cc', 'runtime/start_thread.cc'].map((file) => `native/${file}`);
const needs = [process.platform === 'win32' && 'runs a POSIX compiler', missingProgram('c++', 'apt-get install g++')];

testNeeding(needs, 'threads that have lost their core', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'addernet-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'lost-core');
  execFileSync('c++', ['-std=c++17', '-O1', '-pthread', '-Inative', '-o', program, 'test/native/lost-core.cc', ...sources], { cwd: root });
  t.equal(execFileSync(program, { encoding: 'utf8' }), 'done\n', 'hold no other up');
});
