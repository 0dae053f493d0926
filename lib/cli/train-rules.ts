// When the options of `addernet train` apply, and which of them a resumed run may change.
import { hasAdaptiveRate } from '../conv-kind';
import { AdderNetError } from '../errors';
import { dataRules } from './data-rules';
import { type OptionRule, optionText } from './option-rules';
import type { TrainArguments } from './train-arguments';

export const trainRules: readonly OptionRule<TrainArguments>[] = [
  ...dataRules,
  {
    options: ['eta', 'rate'],
    apply: ({ kind, weights }) => hasAdaptiveRate(kind) || weights !== undefined,
    only: 'to adder and binary filters: with another --kind than conv',
  },
  { options: ['eta'], apply: ({ rate }) => rate === 'adaptive', only: 'with --rate adaptive; --lr sets the other learning rates' },
  { options: ['gradient'], apply: ({ weights }) => weights === undefined, only: 'to a new network, without --weights' },
  { options: ['gradient'], apply: ({ kind }) => kind === 'adder', only: 'to adder filters: with --kind adder' },
  {
    options: ['productEpochs'],
    apply: ({ kind, weights }) => kind === 'adder' || kind === 'adder-2x2' || weights !== undefined,
    only: 'to adders of windows: with --kind adder or adder-2x2',
  },
  { options: ['productEpochs'], apply: ({ productEpochs = 0, epochs }) => productEpochs < epochs, only: 'to fewer epochs than --epochs' },
  {
    options: ['centeredEpochs'],
    apply: ({ kind, weights }) => kind === 'adder' || weights !== undefined,
    only: 'to plain adder layers: with --kind adder; those of other kinds are centered in any case, or not adders',
  },
  {
    options: ['centeredEpochs'],
    apply: ({ centeredEpochs = 0, epochs }) => centeredEpochs < epochs,
    only: 'to fewer epochs than --epochs',
  },
  { options: ['temperature', 'teacherAlpha', 'teacherFeatures'], apply: ({ teacher }) => teacher !== undefined, only: 'with --teacher' },
  {
    options: ['freeze'],
    apply: ({ weights, freeze }) => weights !== undefined || !freeze?.includes('body'),
    only: 'with --weights: the body of a new network is random and would stay random',
  },
  {
    options: ['patience'],
    apply: ({ validation }) => validation !== undefined,
    only: 'with --validation: early stopping on the test images would select the network by them',
  },
  { options: ['nesterov'], apply: ({ momentum }) => momentum > 0, only: 'with a --momentum above 0' },
  { options: ['warmUp'], apply: ({ warmUp = 0, epochs }) => warmUp < epochs, only: 'to fewer epochs than --epochs' },
];

/** Any other option would change the result of the run. */
const changeable = ['out', 'resume', 'epochs', 'patience', 'data', 'threads', 'json'];

/**
 * @param given options on the command line of the resumed run
 * @param began options that the run started with
 * @throws {AdderNetError} ERR_ARGUMENT if they differ where that is not allowed
 */
export function checkUnchanged(given: Partial<TrainArguments>, began: Partial<TrainArguments>): void {
  for (const [name, value] of Object.entries(given)) {
    const before = began[name as keyof TrainArguments];
    if (changeable.includes(name) || String(value) === String(before)) continue;
    const then = before === undefined || before === false ? 'without it' : `with ${optionText(name, before)}`;
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `train: ${optionText(name, value)} would change the run, which was started ${then}: leave it out, or start a new run in another --out`,
    );
  }
}
