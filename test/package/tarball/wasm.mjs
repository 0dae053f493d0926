// The entry without an addon, as Node resolves it, and the main entry where no addon loads.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { compile, cpuInfo, load } from 'addernet/wasm';

const session = await compile(await load(new URL('node_modules/addernet/models/lenet5-bn-mnist-8bit.safetensors', import.meta.url)));
const classes = await session.classify({ data: new Uint8Array(28 * 28), width: 28, height: 28 });
assert.equal(classes.length, 5);
assert.equal(cpuInfo().isa, 'wasm_simd128');

const program = "console.log(require('addernet').cpuInfo().isa)";
const { stdout, stderr } = spawnSync(process.execPath, ['--no-addons', '-e', program], { encoding: 'utf8' });
assert.equal(stdout, 'wasm_simd128\n', stderr);
console.log(`WebAssembly: Node ${process.versions.node}`);
