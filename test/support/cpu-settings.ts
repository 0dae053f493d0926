// The instruction set and the threads that a test computes with, restored when it ends.
import type { Test } from 'tap';
import { cpuInfo, setThreads, type Tensor } from '../../dist';
import { native } from '../../dist/binding';
import type { TensorData } from '../../dist/tensor';
import type { IntegerKernels } from './instruction-sets';
import { bits } from './tensors';

export function useIsa(t: Test, isa: string): void {
  restoreKernels(t);
  native().setIsa(isa);
  t.equal(cpuInfo().isa, isa, 'this instruction set runs');
}

export function useIntegerKernels(t: Test, { isa, byteAdder }: IntegerKernels): void {
  useIsa(t, isa);
  native().setByteAdder(byteAdder);
  t.equal(cpuInfo().byteAdder, byteAdder, 'this byte adder runs');
}

function restoreKernels(t: Test): void {
  const { isa, byteAdder } = cpuInfo();
  t.teardown(() => {
    native().setIsa(isa);
    native().setByteAdder(byteAdder);
  });
}

export function useThreads(t: Test, threads: number): void {
  const before = cpuInfo().threads;
  t.teardown(() => setThreads(before));
  setThreads(threads);
}

/** Checks that a computation is bit-identical with 1, 2 and 3 threads. */
export function checkThreads(t: Test, name: string, compute: () => readonly Tensor<TensorData>[]): void {
  const [one, ...more] = [1, 2, 3].map((threads) => {
    useThreads(t, threads);
    return compute().map(bits).join();
  });
  for (const result of more) t.ok(result === one, name);
}
