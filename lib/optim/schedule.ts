// Learning rates over the epochs of a training run: a schedule gives the factor of the optimizer's learning rate.

import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';

/**
 * Returns the factor of the learning rate.
 * @param epoch how far training has come, from 0 to the number of epochs; 1.5 is the middle of the second epoch
 */
export type Schedule = (epoch: number) => number;

/** A constant learning rate. */
export const constant = (): Schedule => () => 1;

/** Options of `cosine`. */
export interface CosineOptions {
  /** Epochs after which the factor is `end`. */
  epochs: number;
  /** The last factor. Default 0. */
  end?: number | undefined;
}

/** Half a cosine, from 1 down to `end`: `end + (1 − end) · (1 + cos(π · epoch / epochs)) / 2`. */
export function cosine(options: CosineOptions): Schedule {
  checkOptions('schedule.cosine', options, optionNames<CosineOptions>({ epochs: true, end: true }));
  const { epochs, end = 0 } = options;
  check('cosine', { epochs }, positive);
  check('cosine', { end }, nonNegative);
  return (epoch) => end + ((1 - end) * (1 + Math.cos((Math.PI * Math.min(epoch, epochs)) / epochs))) / 2;
}

/** Options of `step`. */
export interface StepOptions {
  /** Epochs at which the rate changes. */
  milestones: readonly number[];
  /** Default 0.1. */
  factor?: number | undefined;
}

/** Multiplies the rate by `factor` at each of the milestones, in epochs. */
export function step(options: StepOptions): Schedule {
  checkOptions('schedule.step', options, optionNames<StepOptions>({ milestones: true, factor: true }));
  const { milestones, factor = 0.1 } = options;
  if (!Array.isArray(milestones))
    throw new AdderNetError('ERR_ARGUMENT', `schedule.step: milestones is ${shown(milestones)}, expected a list of epochs`);
  for (const milestone of milestones) check('step', { milestone }, nonNegative);
  check('step', { factor }, positive);
  return (epoch) => factor ** milestones.filter((milestone) => epoch >= milestone).length;
}

/** Options of `polynomial`. */
export interface PolynomialOptions {
  /** Epochs after which the factor is `end`. */
  epochs: number;
  /** Default 1. */
  power?: number | undefined;
  /** The last factor. Default 0. */
  end?: number | undefined;
}

/** `end + (1 − end) · (1 − epoch / epochs)^power`; with power 1 a straight line. */
export function polynomial(options: PolynomialOptions): Schedule {
  checkOptions('schedule.polynomial', options, optionNames<PolynomialOptions>({ epochs: true, power: true, end: true }));
  const { epochs, power = 1, end = 0 } = options;
  check('polynomial', { epochs, power }, positive);
  check('polynomial', { end }, nonNegative);
  return (epoch) => end + (1 - end) * (1 - Math.min(epoch, epochs) / epochs) ** power;
}

/** Options of `warmUp`. */
export interface WarmUpOptions {
  /** Length of the warm-up in epochs. */
  epochs: number;
  /** The first factor. Default 0. */
  start?: number | undefined;
  /** The schedule that it leads into. */
  into: Schedule;
}

/** Rises linearly from `start` to the schedule `into` over the first epochs. The schedule itself begins at epoch 0. */
export function warmUp(options: WarmUpOptions): Schedule {
  checkOptions('schedule.warmUp', options, optionNames<WarmUpOptions>({ epochs: true, start: true, into: true }));
  const { epochs, start = 0, into } = options;
  if (typeof into !== 'function')
    throw new AdderNetError('ERR_ARGUMENT', `schedule.warmUp: into is ${shown(into)}, expected a schedule such as cosine({ epochs })`);
  check('warmUp', { epochs }, positive);
  check('warmUp', { start }, nonNegative);
  return (epoch) => into(epoch) * (epoch < epochs ? start + ((1 - start) * epoch) / epochs : 1);
}

const positive = { fits: (value: number) => value > 0, expected: 'a positive number' };
const nonNegative = { fits: (value: number) => value >= 0, expected: 'a number of at least 0' };

function check(name: string, values: Record<string, number>, { fits, expected }: typeof positive): void {
  for (const [key, value] of Object.entries(values))
    if (!Number.isFinite(value) || !fits(value))
      throw new AdderNetError('ERR_ARGUMENT', `schedule.${name}: ${key} is ${shown(value)}, expected ${expected}`);
}
