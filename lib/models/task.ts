// The task of a network defines what its outputs mean. A new task needs a row here and one in lib/train/metrics.ts, which measures it.
import type { Shape } from '../shape';

interface TaskDefinition {
  /** The shape of the outputs for one image, and what they are, for messages. */
  readonly outputs: (metadata: { readonly classes: number }) => { readonly shape: Shape; readonly meaning: string };
}

const definitions = {
  classification: { outputs: ({ classes }) => ({ shape: [classes], meaning: 'a logit for each class' }) },
} satisfies Record<string, TaskDefinition>;

/** What a network is for. */
export type Task = keyof typeof definitions;
/** All of them, by name. */
export const tasks: Readonly<Record<Task, TaskDefinition>> = definitions;
/** The task where metadata name none, as in the first files. */
export const defaultTask: Task = 'classification';
