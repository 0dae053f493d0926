// On what sessions run: every instruction set of the addon, and the WebAssembly module, where it was built, in the place of the addon's plans.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Binding } from '../../binding.d.ts';
import { native } from '../../dist/binding';
import { wasmBinding, wasmIsa } from '../../dist/wasm/binding';
import { webAssembly } from '../../dist/wasm/instance';
import { useIntegerKernels, useIsa } from './cpu-settings';
import { type IntegerKernels, instructionSets, integerKernels } from './instruction-sets';
import { repository } from './repository';

const file = join(repository, 'dist/wasm/addernet.wasm');

/** What the addon computes with beside the module: the same operations on floats, so that results are the same to the last bit. */
const twin = 'sse41';
const hasModule = existsSync(file) && instructionSets.includes(twin);
if (!hasModule && process.env.ADDERNET_REQUIRE_ALL === '1' && process.arch === 'x64' && !process.env.ADDERNET_EXPECT_ISA)
  t.fail('the WebAssembly module is not built: npm run build:wasm');

export const sessionSets: readonly string[] = hasModule ? [...instructionSets, wasmIsa] : instructionSets;
export const integerSessionSets: readonly IntegerKernels[] = hasModule
  ? [...integerKernels, { isa: wasmIsa, byteAdder: 'max_add' }]
  : integerKernels;

/** From here to the end of the test, sessions run on it. */
export function useSessionSet(t: Test, isa: string): void {
  if (isa === wasmIsa) useModule(t);
  else useIsa(t, isa);
}

export function useIntegerSessionSet(t: Test, kernels: IntegerKernels): void {
  if (kernels.isa === wasmIsa) useModule(t);
  else useIntegerKernels(t, kernels);
}

function useModule(t: Test): void {
  useIsa(t, twin);
  const binding: { Plan: Binding['Plan'] } = native();
  const { Plan: own } = binding;
  const { Plan } = wasmBinding(new webAssembly.Module(readFileSync(file)), 'a test runs in the module');
  let plans = 0;
  binding.Plan = class extends Plan {
    constructor(inputElements: number, threads: number | undefined) {
      super(inputElements, threads);
      plans++;
    }
  };
  t.teardown(() => {
    binding.Plan = own;
    if (plans === 0) throw new Error('the module did not run'); // an assertion would come too late
  });
}
