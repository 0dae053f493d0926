// The fuzzers of the core without libFuzzer: the corpus that scripts/fuzz-native.sh starts from, and random cases, on every kernel table of this CPU,
// of an emulated one of arm64 and of WebAssembly. Without sanitizers, what is read or written beyond an operand still ends the process, but for the
// latter (native/exact_memory.h).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cpuInfo } from '../../dist';
import { nativePrograms, wasmPrograms } from '../support/core-programs';
import { draws } from '../support/draws';
import { missingProgram, testNeeding } from '../support/needing';
import { repository } from '../support/repository';

const corpus = join(repository, 'test/fuzz/native/corpus');
const native = { ...nativePrograms, tables: cpuInfo().supported, cases: 2000 };
const arm64 = {
  build: join(repository, 'build-arm64/build/native'),
  suffix: '',
  emulator: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', '-cpu', 'max'],
  tables: ['scalar', 'neon', 'neon_dotprod'],
  cases: 500,
  missing: [missingProgram('qemu-aarch64', 'apt-get install qemu-user')],
};

const wasm = { ...wasmPrograms, tables: ['wasm_simd128'], cases: 1000 };

for (const { build, emulator, suffix, tables, cases, missing } of [native, arm64, wasm])
  for (const fuzzer of ['operations', 'plans']) {
    const program = join(build, `replay_${fuzzer}${suffix}`);
    const absent =
      !existsSync(program) && `${program} is not there: npm run build:native, scripts/build-arm64.sh, scripts/build-wasm.sh --tests`;
    testNeeding([...missing, absent], `${fuzzer} on ${tables.join(', ')}`, (t) => {
      const folder = join(corpus, fuzzer);
      const { numRuns, seed } = draws(cases);
      const files = readdirSync(folder).map((file) => join(folder, file));
      const [command, ...args] = [...emulator, program, String(numRuns), String(seed), ...files];
      const { status, stderr } = spawnSync(command!, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
      t.equal(status, 0, 'no result differs from its definition', { stderr: stderr.slice(-5000) });
      const calls = new Map([...stderr.matchAll(/^ *(\d+) {2}(\S+) +calls$/gm)].map(([, count, table]) => [table, Number(count)]));
      for (const table of tables) t.ok(calls.get(table)! >= files.length, `calls on ${table}`);
    });
  }
