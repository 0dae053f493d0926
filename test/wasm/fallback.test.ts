// Where no binary fits, networks run in the WebAssembly module and a warning says so once; ADDERNET_ISA=wasm_simd128 asks for it. Each case is a process
// of its own.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { installedCopy } from '../support/installed';
import { testNeeding } from '../support/needing';
import { library, program, repository } from '../support/repository';

const missing = [!existsSync(join(repository, 'dist/wasm/addernet.wasm')) && 'the WebAssembly module is not built: npm run build:wasm'];

const run = (env: NodeJS.ProcessEnv, ...args: string[]) => {
  const none = { ADDERNET_ISA: '', ADDERNET_BYTE_ADDER: '', ADDERNET_PREBUILD: '' };
  return spawnSync(process.execPath, args, { env: { ...process.env, ...none, ...env }, encoding: 'utf8' });
};

/** What a script prints as JSON that has the library as `addernet`. */
function evaluated(t: Test, env: NodeJS.ProcessEnv, folder: string, script: string, flags: string[] = []) {
  const code = `const addernet = require(${JSON.stringify(folder)}); (async () => { ${script} })().then((y) => console.log(JSON.stringify(y)))`;
  const { status, stdout, stderr } = run(env, ...flags, '-e', code);
  t.equal(status, 0, stderr);
  return { value: JSON.parse(stdout), stderr };
}

const classes = `
  const session = await addernet.compile(await addernet.load(${JSON.stringify(join(repository, 'models/lenet5-bn-mnist-8bit.safetensors'))}));
  const digits = addernet.generateDigits(20, 3);
  const answers = await session.classify(Array.from({ length: 20 }, (_, i) => ({ data: digits.images(i, i + 1).data, width: 28, height: 28 })), { top: 1 });
  return { cpu: addernet.cpuInfo(), classes: answers.map(([best]) => best.class), again: addernet.cpuInfo().isa };`;
const wasm = { isa: 'wasm_simd128', supported: ['wasm_simd128'], byteAdder: 'max_add', threads: 1 };

testNeeding(missing, 'without a binary networks run in WebAssembly', (t) => {
  const native = evaluated(t, {}, library, classes);
  t.not(native.value.cpu.isa, 'wasm_simd128');
  for (const [what, folder, flags] of [
    ['no binary in the package', installedCopy(t, { binary: false, wasm: true }), []],
    ['Node that loads no addons', library, ['--no-addons']],
  ] as const) {
    const { value, stderr } = evaluated(t, {}, folder, classes, [...flags]);
    t.match(value.cpu, wasm, what);
    t.same(value.classes, native.value.classes, 'the same answers');
    const warnings = stderr.match(/AdderNetWarning: networks run in WebAssembly, .*no compiled binary of addernet loads on/g);
    t.equal(warnings?.length, 1, `one line says so once: ${stderr}`);
  }
});

testNeeding(missing, 'ADDERNET_ISA=wasm_simd128 chooses it, without a word', (t) => {
  const { value, stderr } = evaluated(t, { ADDERNET_ISA: 'wasm_simd128' }, library, classes);
  t.match(value.cpu, wasm);
  t.equal(stderr, '');
  t.match(run({ ADDERNET_ISA: 'wasm_simd128' }, program, 'info').stdout, /^instruction set +wasm_simd128/m);
});

testNeeding(missing, 'what needs the addon says so, and why it is not there', (t) => {
  const code = (use: string) => `try { ${use} } catch ({ code, message }) { return { code, message } }`;
  const one = 'addernet.Tensor.zeros([1, 4, 4, 1])';
  const train = `const model = addernet.models.lenet5bn(); const data = addernet.generateDigits(32, 1);
    await addernet.fit(model, data, { epochs: 1, optimizer: new addernet.Sgd(model.parameters(), { lr: 0.1 }) })`;
  for (const use of [`addernet.ops.relu(${one})`, train]) {
    const chosen = evaluated(t, { ADDERNET_ISA: 'wasm_simd128' }, library, code(use)).value;
    t.match(chosen, { code: 'ERR_NATIVE_MISSING', message: /needs the compiled addon.*ADDERNET_ISA is wasm_simd128: leave it out$/ }, use);
    const fallen = evaluated(t, {}, library, code(use), ['--no-addons']).value;
    t.match(fallen, { code: 'ERR_NATIVE_MISSING', message: /needs the compiled addon.*start it without --no-addons/ }, use);
  }
});

testNeeding(missing, 'nothing takes the place of what was asked for by name', (t) => {
  const { status, stderr } = run({ ADDERNET_ISA: 'scalar' }, '--no-addons', program, 'info');
  t.equal(status, 1);
  t.match(stderr, /^addernet: no compiled binary of addernet loads/);
  const copy = installedCopy(t, { binary: true, wasm: true });
  rmSync(join(copy, 'dist/wasm/addernet.wasm'));
  const lacking = run({ ADDERNET_ISA: 'wasm_simd128' }, join(copy, 'dist/cli/main.js'), 'info');
  t.equal(lacking.status, 1);
  t.match(lacking.stderr, /^addernet: ADDERNET_ISA is 'wasm_simd128', but dist\/wasm\/addernet\.wasm is not in the package/);
});
