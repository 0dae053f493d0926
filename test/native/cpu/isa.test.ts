// The instruction set and the threads are chosen once, at first use, from the environment: each case is a process of its own. What is
// asked for and cannot be had is an error, never another choice.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type CpuInfo, cpuInfo } from '../../../dist';
import { native } from '../../../dist/binding';
import { useIntegerKernels, useIsa } from '../../support/cpu-settings';
import { installedCopy } from '../../support/installed';
import { integerKernels } from '../../support/instruction-sets';
import { library, program } from '../../support/repository';

const { supported } = cpuInfo();

const run = (env: NodeJS.ProcessEnv, ...args: string[]) =>
  spawnSync(process.execPath, args, {
    env: { ...process.env, ADDERNET_ISA: '', ADDERNET_BYTE_ADDER: '', ADDERNET_NUM_THREADS: '', ADDERNET_DEBUG: '', ...env },
    encoding: 'utf8',
  });

/** What a script returns that has the library as `addernet`: JSON of its last value, or of the error it ends with. */
function evaluated(env: NodeJS.ProcessEnv, script: string, folder = library): unknown {
  const code = `
    const addernet = require(${JSON.stringify(folder)});
    let result;
    try {
      result = (() => { ${script} })();
    } catch (error) {
      result = { name: error.name, code: error.code, message: error.message };
    }
    console.log(JSON.stringify(result));`;
  const { stdout, stderr } = run(env, '-e', code);
  return stdout ? JSON.parse(stdout) : stderr;
}

t.equal(supported.at(-1), 'scalar', 'plain C++ runs everywhere');

for (const isa of supported)
  t.test(`ADDERNET_ISA=${isa}`, async (t) => {
    const script = `
      const x = new addernet.Tensor(Float32Array.of(1, 2, 3, 4), [1, 2, 2, 1]);
      const y = addernet.ops.adderConv2d(x, new addernet.Tensor(Float32Array.of(3, 0), [2, 1, 1, 1]));
      return [addernet.cpuInfo(), [...y.data]];`;
    t.match(evaluated({ ADDERNET_ISA: isa }, script), [{ isa, supported }, [-2, -1, -1, -2, 0, -3, -1, -4]]);
    const { status, stdout } = run({ ADDERNET_ISA: isa }, program, 'info');
    t.equal(status, 0);
    t.match(stdout, new RegExp(`^instruction set  ${isa} `, 'm'));
  });

t.test('without ADDERNET_ISA the best one runs', async (t) => {
  t.match(evaluated({}, 'return addernet.cpuInfo()'), { isa: supported[0], supported });
});

const foreign = process.arch === 'arm64' ? 'avx2' : 'neon';
for (const name of ['avx1024', foreign, 'AVX2', ' scalar', 'auto'])
  t.test(`ADDERNET_ISA='${name}' is an error`, async (t) => {
    const message = `ADDERNET_ISA is '${name}', but this CPU and build have: ${supported.join(', ')}`;
    const error = { name: 'AdderNetError', code: 'ERR_ISA', message };
    t.same(evaluated({ ADDERNET_ISA: name }, 'return addernet.cpuInfo()'), error);
    t.same(evaluated({ ADDERNET_ISA: name }, 'addernet.ops.relu(addernet.Tensor.zeros([1]))'), error, 'at whatever is first used');
    const { status, stdout, stderr } = run({ ADDERNET_ISA: name }, program, 'info');
    t.same({ status, stdout, stderr }, { status: 1, stdout: '', stderr: `addernet: ${message}\n` });
  });

t.test('setIsa refuses what is not there and changes nothing', async (t) => {
  const { isa } = cpuInfo();
  for (const name of ['avx1024', foreign, ''])
    t.throws(() => native().setIsa(name), {
      code: 'ERR_ISA',
      message: `isa is '${name}', but this CPU and build have: ${supported.join(', ')}`,
    });
  t.equal(cpuInfo().isa, isa);
});

for (const { isa, byteAdder } of integerKernels)
  t.test(`ADDERNET_BYTE_ADDER=${byteAdder} on ${isa}`, async (t) => {
    const script = `
      const x = new addernet.Tensor(Uint8Array.of(1, 200, 3, 4), [1, 2, 2, 1]);
      const y = addernet.ops.adderConv2d(x, new addernet.Tensor(Uint8Array.of(3, 0), [2, 1, 1, 1]));
      return [addernet.cpuInfo(), [...y.data]];`;
    const env = { ADDERNET_ISA: isa, ADDERNET_BYTE_ADDER: byteAdder };
    t.match(evaluated(env, script), [{ isa, byteAdder }, [-2, -1, -197, -200, 0, -3, -1, -4]]);
    t.match(run(env, program, 'info').stdout, new RegExp(`^byte adder +${byteAdder} `, 'm'));
  });

t.test('without ADDERNET_BYTE_ADDER the first one runs', async (t) => {
  for (const isa of supported) {
    const info = evaluated({ ADDERNET_ISA: isa }, 'return addernet.cpuInfo()') as CpuInfo;
    const ofIsa = integerKernels.filter((kernels) => kernels.isa === isa).map(({ byteAdder }) => byteAdder);
    t.same([info.byteAdder, info.byteAdders], [ofIsa[0], ofIsa], isa);
  }
});

t.test('a byte adder that is not there is an error', async (t) => {
  const [isa, { byteAdders }] = ['scalar', evaluated({ ADDERNET_ISA: 'scalar' }, 'return addernet.cpuInfo()') as CpuInfo];
  const available = `but instruction set ${isa} has: ${byteAdders.join(', ')}`;
  for (const name of ['psadbw', 'Scalar', ' scalar'])
    t.same(evaluated({ ADDERNET_ISA: isa, ADDERNET_BYTE_ADDER: name }, 'return addernet.cpuInfo()'), {
      ...{ name: 'AdderNetError', code: 'ERR_ISA', message: `ADDERNET_BYTE_ADDER is '${name}', ${available}` },
    });
  t.match(
    evaluated({ ADDERNET_ISA: 'avx1024', ADDERNET_BYTE_ADDER: 'none' }, 'return addernet.cpuInfo()'),
    { code: 'ERR_ISA', message: /^ADDERNET_ISA is 'avx1024'/ },
    'the instruction set comes first',
  );
  useIsa(t, isa);
  for (const name of ['psadbw', ''])
    t.throws(() => native().setByteAdder(name), { code: 'ERR_ISA', message: `byteAdder is '${name}', ${available}` });
  t.equal(cpuInfo().byteAdder, 'scalar', 'and changes nothing');
});

t.test('another instruction set comes with its best byte adder', async (t) => {
  for (const kernels of integerKernels) {
    useIntegerKernels(t, kernels);
    native().setIsa(kernels.isa);
    t.equal(cpuInfo().byteAdder, cpuInfo().byteAdders[0], kernels.isa);
  }
});

t.test('ADDERNET_NUM_THREADS', async (t) => {
  t.match(evaluated({ ADDERNET_NUM_THREADS: '2' }, 'return addernet.cpuInfo()'), { threads: 2 });
  t.match(run({ ADDERNET_NUM_THREADS: '5' }, program, 'info').stdout, /^threads +5 /m);
  for (const value of ['abc', '0'])
    t.same(evaluated({ ADDERNET_NUM_THREADS: value }, 'return addernet.cpuInfo()'), {
      name: 'AdderNetError',
      code: 'ERR_ARGUMENT',
      message: 'ADDERNET_NUM_THREADS is not an integer from 1 to 1024',
    });
});

t.test('without a binary the package loads, and its first use says what to do', async (t) => {
  const copy = installedCopy(t, { binary: false });
  const none = { ADDERNET_PREBUILD: '' }; // nor one elsewhere
  const [platform, node] = [`${process.platform}-${process.arch}`, process.versions.node];
  const message = new RegExp(
    `^no compiled binary of addernet loads on ${platform}, Node ${node}: No native build was found .*\\. ` +
      'Install node_modules anew .*; otherwise compile a binary: npx addernet rebuild$',
  );
  t.same(evaluated(none, 'return addernet.Tensor.zeros([2, 3]).shape', copy), [2, 3], 'what needs no binary works');
  for (const use of ['addernet.cpuInfo()', 'addernet.setThreads(1)', 'addernet.ops.relu(addernet.Tensor.zeros([1]))'])
    t.match(evaluated(none, use, copy), { name: 'AdderNetError', code: 'ERR_NATIVE_MISSING', message });
  const { status, stdout, stderr } = run(none, join(copy, 'dist/cli/main.js'), 'info');
  t.same([status, stdout], [1, '']);
  t.match(stderr, /^addernet: no compiled binary of addernet loads .*\n$/);
  t.equal(run(none, join(copy, 'dist/cli/main.js'), '--help').status, 0, 'the command line still starts');

  const entry = join(copy, 'dist/static', platform);
  t.match(
    evaluated(none, 'addernet.cpuInfo()', entry),
    { code: 'ERR_NATIVE_MISSING', message: /Cannot find module/ },
    'so does a static entry',
  );
});

t.test('a binary that does not load says why', async (t) => {
  const copy = installedCopy(t, { binary: false });
  mkdirSync(join(copy, 'build/Release'), { recursive: true });
  writeFileSync(join(copy, 'build/Release/addernet.node'), 'not a binary');
  t.match(evaluated({ ADDERNET_PREBUILD: '' }, 'addernet.cpuInfo()', copy), {
    code: 'ERR_NATIVE_MISSING',
    message: /addernet\.node: file too short/,
  });
});
