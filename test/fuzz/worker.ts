// A process that fuzzes one parser after another as its parent asks, so that one that crashes or hangs ends this process alone.
import { fuzz, type Limits } from './loop';
import type { Target } from './target';

export interface Batch extends Limits {
  /** Path of the module that exports the targets. */
  readonly module: string;
  readonly target: string;
}

process.on('message', async ({ module, target: name, ...limits }: Batch) => {
  const { targets } = require(module) as { targets: readonly Target[] };
  const target = targets.find((candidate) => candidate.name === name)!;
  process.send!(await fuzz(target, limits));
});
