// Fusion: what follows a convolution or a batch norm becomes part of its step, where no one else reads the value between them.
//
//   convolution -> normalize     bias less mean, scale, shift
//   either -> add                the other addend as residual; the step moves to where both are known
//   either -> relu
import type { Add, Convolution, Normalize, PlanStep } from './steps';

/** Steps that make the same value as `steps` do in `output`, in an order that can be run. */
export function fuse(steps: readonly PlanStep[], output: number): PlanStep[] {
  const uses = countUses(steps, output);
  const fused = new Map<number, PlanStep>(); // by what they make, in order
  for (const step of steps) {
    const onlyReader = (value: number) => (uses.get(value) === 1 ? fused.get(value) : undefined);
    const { merged, absorbed } = merge(step, onlyReader) ?? { merged: step };
    if (absorbed !== undefined) fused.delete(absorbed);
    fused.set(step.output, merged);
  }
  return [...fused.values()];
}

/** The step that does the work of `step` and of the one before it, whose output is `absorbed`. */
interface Merger {
  readonly merged: PlanStep;
  readonly absorbed?: number;
}

/** @param onlyReader the step that makes a value that has no other reader */
function merge(step: PlanStep, onlyReader: (value: number) => PlanStep | undefined): Merger | undefined {
  const into = (before: PlanStep | undefined): Merger | undefined => {
    const merged = before && absorb(before, step);
    return merged && { merged: { ...merged, output: step.output }, absorbed: before.output };
  };
  return into(onlyReader(step.x)) ?? (step.op === 'add' ? into(onlyReader(step.residual)) : undefined);
}

/** `before` with `step` as its end, or undefined if they cannot be one. */
function absorb(before: PlanStep, step: PlanStep): Convolution | Normalize | undefined {
  if (!canEnd(before)) return undefined;
  if (step.op === 'relu') return { ...before, relu: true };
  if (before.residual !== undefined) return undefined;
  if (step.op === 'add') return { ...before, residual: step.x === before.output ? step.residual : step.x };
  if (step.op === 'normalize' && before.op === 'convolution' && !before.scale) return { ...before, ...normalized(before, step) };
  return undefined;
}

const canEnd = (step: PlanStep): step is Convolution | Normalize => (step.op === 'convolution' || step.op === 'normalize') && !step.relu;

const normalized = ({ bias }: Convolution, { mean, scale, shift }: Normalize) => ({
  bias: mean.map((m, c) => (bias?.[c] ?? 0) - m),
  scale,
  shift,
});

function countUses(steps: readonly PlanStep[], output: number): Map<number, number> {
  const uses = new Map([[output, 1]]);
  const use = (value: number) => uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const step of steps) {
    use(step.x);
    if (hasResidual(step)) use(step.residual);
  }
  return uses;
}

const hasResidual = (step: PlanStep): step is PlanStep & Required<Pick<Add, 'residual'>> =>
  'residual' in step && step.residual !== undefined;
