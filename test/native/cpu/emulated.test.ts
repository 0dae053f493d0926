// The numeric tests on CPUs this machine is not, under qemu: each must choose its own best table, and that table must be right.
// The test files run directly, without the tap runner, and say on a line `# isa NAME` which table is active.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { missingProgram, testNeeding } from '../../support/needing';
import { repository } from '../../support/repository';

const run = promisify(execFile);
interface Failure {
  code?: number | string;
  stdout: string;
  stderr: string;
}
const armNode = join(repository, 'build-arm64/node/package/bin/node');
// x86 kernels run natively too: there it is the choice of the table that needs an emulator.
const choice = ['native/conv2d/golden', 'native/conv2d/conv2d'];
const integers = [...['integer', 'quantized', 'winograd-integer'].map((name) => `native/conv2d/${name}`), 'session/quantized-session'];
// NEON has one set of float kernels, with dot products and without: each suite of floats runs on one of its CPUs.
const [floats, moreFloats] = [
  ['native/conv2d/gradient', 'native/conv2d/xnor', 'native/nn/batch-norm', 'native/nn/training'],
  ['native/conv2d/winograd', 'session/inference-session'],
];

const cpus = [
  { arch: 'x64', cpu: 'Conroe-v1', isa: 'scalar', byteAdder: 'scalar', suites: choice },
  { arch: 'x64', cpu: 'Nehalem-v1', isa: 'sse41', byteAdder: 'psadbw', suites: choice },
  { arch: 'x64', cpu: 'Haswell-v4', isa: 'avx2', byteAdder: 'mixed', suites: choice }, // of Intel
  { arch: 'x64', cpu: 'EPYC-Rome-v2', isa: 'avx2', byteAdder: 'psadbw', suites: choice },
  { arch: 'arm64', cpu: 'cortex-a53', isa: 'neon', byteAdder: 'uabd', suites: [...choice, ...floats, ...integers] },
  { arch: 'arm64', cpu: 'max', isa: 'neon_dotprod', byteAdder: 'uabd', suites: [...choice, ...moreFloats, ...integers] },
];
// node-gyp-build takes the addon from build/Release of the folder that ADDERNET_PREBUILD names.
const emulators = {
  x64: {
    command: ['qemu-x86_64'],
    node: process.execPath,
    addon: repository,
    missing: process.arch !== 'x64' && 'runs the Node of an x64 machine',
  },
  arm64: {
    command: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
    node: armNode,
    addon: join(repository, 'build-arm64'),
    missing: !existsSync(armNode) && 'build-arm64/ is not there: scripts/build-arm64.sh',
  },
};

t.jobs = availableParallelism();
for (const { arch, cpu, isa, byteAdder, suites } of cpus) {
  const { command, node, addon, missing } = emulators[arch as keyof typeof emulators];
  const [qemu, ...options] = command;
  testNeeding([missingProgram(qemu!, 'apt-get install qemu-user'), missing], `${arch} ${cpu}`, async (t) => {
    for (const suite of suites) {
      const env = { ...process.env, ADDERNET_PREBUILD: addon, ADDERNET_EXPECT_ISA: isa, ADDERNET_QUICK: '1', TAP_TIMEOUT: '300' };
      const test = run(qemu!, [...options, '-cpu', cpu, node, join(repository, `dist-test/${suite}.test.js`)], { env, maxBuffer: 1 << 28 });
      const { code = 0, stdout, stderr }: Failure = await test.catch((error: Failure) => error);
      t.equal(code, 0, `${suite} passes`, { stdout, stderr });
      t.match(stdout, new RegExp(`^ *# isa ${isa}$`, 'm'), `${suite} ran on ${isa}`);
      t.match(stdout, new RegExp(`^ *# byte adder ${byteAdder}$`, 'm'), `${suite}: ${byteAdder} is its byte adder`);
    }
  });
}
