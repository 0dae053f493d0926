// The numeric tests on CPUs this machine is not, under qemu: each must choose its own best table, and that table must be right.
// The test files run directly, without the tap runner, and say on a line `# isa NAME` which table is in force.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { missingProgram, testNeeding } from './needing';

const root = join(__dirname, '..');
const armNode = join(root, 'build-arm64/node/package/bin/node');
const suites = ['golden', 'convolution', 'gradient', 'integer', 'xnor', 'batch-norm', 'training'].map((suite) => `${suite}.test.js`);

const cpus = [
  { arch: 'x64', cpu: 'Conroe-v1', isa: 'scalar' },
  { arch: 'x64', cpu: 'Nehalem-v1', isa: 'sse41' },
  { arch: 'x64', cpu: 'Haswell-v4', isa: 'avx2' },
  { arch: 'arm64', cpu: 'cortex-a53', isa: 'neon' },
  { arch: 'arm64', cpu: 'max', isa: 'neon_dotprod' },
];
// node-gyp-build takes the addon from build/Release of the folder that ADDERNET_PREBUILD names.
const emulators = {
  x64: {
    command: ['qemu-x86_64'],
    node: process.execPath,
    addon: root,
    missing: process.arch !== 'x64' && 'runs the Node of an x64 machine',
  },
  arm64: {
    command: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
    node: armNode,
    addon: join(root, 'build-arm64'),
    missing: !existsSync(armNode) && 'build-arm64/ is not there: scripts/build-arm64.sh',
  },
};

for (const { arch, cpu, isa } of cpus) {
  const { command, node, addon, missing } = emulators[arch as keyof typeof emulators];
  const [qemu, ...options] = command;
  testNeeding([missingProgram(qemu!, 'apt-get install qemu-user'), missing], `${arch} ${cpu}`, (t) => {
    for (const suite of suites) {
      const { status, stdout, stderr } = spawnSync(qemu!, [...options, '-cpu', cpu, node, join(__dirname, suite)], {
        env: { ...process.env, ADDERNET_PREBUILD: addon, ADDERNET_EXPECT_ISA: isa, ADDERNET_QUICK: '1', TAP_TIMEOUT: '300' },
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      t.equal(status, 0, `${suite} passes`, { stdout, stderr });
      t.match(stdout, new RegExp(`^ *# isa ${isa}$`, 'm'), `${suite} ran on ${isa}`);
    }
  });
}
