// Learning rates over the epochs of a training: a schedule gives the factor of the optimiser's own rate.
import { AdderNetError } from '../errors';

/** @param epoch the time that has passed, from 0 to the number of epochs; 1.5 is the middle of the second */
export type Schedule = (epoch: number) => number;

/** The same rate all the time. */
export const constant = (): Schedule => () => 1;

/** Half a cosine, from 1 down to `end`: `end + (1 − end) · (1 + cos(π · epoch / epochs)) / 2`. */
export function cosine({ epochs, end = 0 }: { epochs: number; end?: number }): Schedule {
  check('cosine', { epochs }, positive);
  check('cosine', { end }, atLeastZero);
  return (epoch) => end + ((1 - end) * (1 + Math.cos((Math.PI * Math.min(epoch, epochs)) / epochs))) / 2;
}

/** Times `factor` at each of the milestones, in epochs. */
export function step({ milestones, factor = 0.1 }: { milestones: readonly number[]; factor?: number }): Schedule {
  for (const milestone of milestones) check('step', { milestone }, atLeastZero);
  check('step', { factor }, positive);
  return (epoch) => factor ** milestones.filter((milestone) => epoch >= milestone).length;
}

/** `end + (1 − end) · (1 − epoch / epochs)^power`; with power 1 a straight line. */
export function polynomial({ epochs, power = 1, end = 0 }: { epochs: number; power?: number; end?: number }): Schedule {
  check('polynomial', { epochs, power }, positive);
  check('polynomial', { end }, atLeastZero);
  return (epoch) => end + (1 - end) * (1 - Math.min(epoch, epochs) / epochs) ** power;
}

/** A straight line from `start` up to the schedule `into` over the first epochs; it begins at epoch 0. */
export function warmUp({ epochs, start = 0, into }: { epochs: number; start?: number; into: Schedule }): Schedule {
  check('warmUp', { epochs }, positive);
  check('warmUp', { start }, atLeastZero);
  return (epoch) => into(epoch) * (epoch < epochs ? start + ((1 - start) * epoch) / epochs : 1);
}

const positive = { fits: (value: number) => value > 0, expected: 'a positive number' };
const atLeastZero = { fits: (value: number) => value >= 0, expected: 'a number of at least 0' };

function check(name: string, values: Record<string, number>, { fits, expected }: typeof positive): void {
  for (const [key, value] of Object.entries(values))
    if (!Number.isFinite(value) || !fits(value))
      throw new AdderNetError('ERR_ARGUMENT', `schedule.${name}: ${key} is ${String(value)}, expected ${expected}`);
}
