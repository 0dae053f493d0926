// The training on MNIST that several figures share.
import type { FilterGradient } from '../layers';
import { createModel, type Model } from '../models';
import { Sgd, schedule } from '../optim';
import { fit } from '../train/fit';
import type { EpochRecord } from '../train/progress';
import type { Context } from './figure';

export interface LearningRule {
  readonly filterGradient: FilterGradient;
  readonly rate: 'adaptive' | 'increased';
  /** The factor of the adaptive rate. */
  readonly eta: number;
}

/** How a full run trains; a quick run takes four epochs of 5,000 images, in smaller batches. */
export interface Recipe {
  /** Part of the keys of its cached results. */
  readonly name: string;
  readonly epochs: number;
  /** Padding of the random crop, in pixels. */
  readonly crop: number;
}

/** Short, but long enough to compare networks. */
const short: Recipe = { name: 'short', epochs: 10, crop: 2 };

export const seedsOf = ({ quick }: Context): number[] => (quick ? [1] : [1, 2, 3]);

/** A training run of the adder LeNet-5-BN by a rule, cached. */
export function mnistTraining(context: Context, rule: LearningRule, seed: number, recipe = short): Promise<readonly EpochRecord[]> {
  const { filterGradient, rate, eta } = rule;
  const key = `mnist-${recipe.name}-${filterGradient}-${rate}${rate === 'adaptive' ? `-${eta}` : ''}-seed-${seed}`;
  return context.cached(key, async () => {
    const model = createModel('lenet5bn', { kind: 'adder', seed, filterGradient });
    return await trainOnMnist(context, model, rate === 'adaptive' ? { rate, eta } : { rate }, seed, recipe);
  });
}

/**
 * Trains a model in place, and evaluates it on all test images after each epoch.
 * @param adder the rule of adder filters, if there are any
 */
export async function trainOnMnist(
  context: Context,
  model: Model,
  adder: Pick<LearningRule, 'rate'> & Partial<Pick<LearningRule, 'eta'>> = { rate: 'adaptive', eta: 0.1 },
  seed = 1,
  { epochs: fullEpochs, crop } = short,
): Promise<readonly EpochRecord[]> {
  const [epochs, batch] = context.quick ? [4, 64] : [fullEpochs, 256];
  const { history } = await fit(model, context.dataset('mnist', 'train'), {
    epochs,
    batch,
    optimizer: new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4, adder }),
    schedule: schedule.cosine({ epochs }),
    augment: crop > 0 ? { crop } : undefined,
    seed,
    limit: context.quick ? 5000 : undefined,
    validation: context.dataset('mnist', 'test'),
  });
  return history;
}

/** Mean and range of one value per seed. */
export function meanAndSpread(values: readonly number[]): { mean: number; spread: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, spread: Math.max(...values) - Math.min(...values) };
}
