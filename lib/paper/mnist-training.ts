// The training on MNIST that all figures share.
import type { FilterGradient } from '../layers';
import { createModel, type Model } from '../models';
import { Sgd, schedule } from '../optim';
import { fit } from '../train/fit';
import type { EpochRecord } from '../train/progress';
import type { Workshop } from './figure';

export interface LearningRule {
  readonly filterGradient: FilterGradient;
  readonly rate: 'adaptive' | 'increased';
  /** Of the adaptive rate. */
  readonly eta: number;
}

/** How long a full run learns; a quick one takes four epochs of 5,000 images, in smaller batches. */
export interface Course {
  /** In the names of what is kept of it. */
  readonly name: string;
  readonly epochs: number;
  /** Pixels by which images are moved. */
  readonly crop: number;
}

/** A short one, good enough to tell what networks can do. */
const short: Course = { name: 'short', epochs: 10, crop: 2 };

export const seedsOf = ({ quick }: Workshop): number[] => (quick ? [1] : [1, 2, 3]);

/** A training of LeNet-5-BN of adders by a rule, made once. */
export function mnistTraining(workshop: Workshop, rule: LearningRule, seed: number, course = short): Promise<readonly EpochRecord[]> {
  const { filterGradient, rate, eta } = rule;
  const key = `mnist-${course.name}-${filterGradient}-${rate}${rate === 'adaptive' ? `-${eta}` : ''}-seed-${seed}`;
  return workshop.part(key, async () => {
    const model = createModel('lenet5bn', { kind: 'adder', seed, filterGradient });
    return await trainOnMnist(workshop, model, rate === 'adaptive' ? { rate, eta } : { rate }, seed, course);
  });
}

/**
 * Trains a model in place; measured on all test images after each epoch.
 * @param adder how adder filters learn, where there are some
 */
export async function trainOnMnist(
  workshop: Workshop,
  model: Model,
  adder: Pick<LearningRule, 'rate'> & Partial<Pick<LearningRule, 'eta'>> = { rate: 'adaptive', eta: 0.1 },
  seed = 1,
  { epochs: fullEpochs, crop } = short,
): Promise<readonly EpochRecord[]> {
  const [epochs, batch] = workshop.quick ? [4, 64] : [fullEpochs, 256];
  const { history } = await fit(model, workshop.dataset('mnist', 'train'), {
    epochs,
    batch,
    optimizer: new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4, adder }),
    schedule: schedule.cosine({ epochs }),
    augment: crop > 0 ? { crop } : undefined,
    seed,
    limit: workshop.quick ? 5000 : undefined,
    validation: workshop.dataset('mnist', 'test'),
  });
  return history;
}

/** Of one value for each seed. */
export function meanAndSpread(values: readonly number[]): { mean: number; spread: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, spread: Math.max(...values) - Math.min(...values) };
}
