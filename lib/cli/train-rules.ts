// Which options of `addernet train` apply when, and which a resumed training may change.
import { AdderNetError } from '../errors';
import { dataRules } from './data-rules';
import { type OptionRule, optionText } from './option-rules';
import type { TrainArguments } from './training-setup';

/** With --weights, the file says what the kind is. */
const isAdder = ({ kind, weights }: TrainArguments): boolean => kind === 'adder' || weights !== undefined;

export const trainRules: readonly OptionRule<TrainArguments>[] = [
  ...dataRules,
  { options: ['eta', 'rate', 'gradient'], apply: isAdder, only: 'to adder filters: with --kind adder' },
  { options: ['eta'], apply: ({ rate }) => rate === 'adaptive', only: 'with --rate adaptive; --lr sets the other learning rates' },
  { options: ['gradient'], apply: ({ weights }) => weights === undefined, only: 'to a new network, without --weights' },
  { options: ['temperature', 'teacherAlpha', 'teacherFeatures'], apply: ({ teacher }) => teacher !== undefined, only: 'with --teacher' },
  {
    options: ['freeze'],
    apply: ({ weights, freeze }) => weights !== undefined || !freeze?.includes('body'),
    only: 'with --weights: the body of a new network is random, and would stay so',
  },
  {
    options: ['patience'],
    apply: ({ validation }) => validation !== undefined,
    only: 'with --validation: stopping by the accuracy on the test images would be training on them',
  },
  { options: ['nesterov'], apply: ({ momentum }) => momentum > 0, only: 'with a --momentum above 0' },
  { options: ['warmUp'], apply: ({ warmUp = 0, epochs }) => warmUp < epochs, only: 'to fewer epochs than --epochs' },
];

/** Everything else would make another training of it. */
const changeable = ['out', 'resume', 'epochs', 'patience', 'data', 'threads', 'json'];

/**
 * @param given what stands on the command line of the resumed training
 * @param began what the training began with
 * @throws {AdderNetError} ERR_ARGUMENT at a difference that is not allowed
 */
export function checkUnchanged(given: Partial<TrainArguments>, began: Partial<TrainArguments>): void {
  for (const [name, value] of Object.entries(given)) {
    const before = began[name as keyof TrainArguments];
    if (changeable.includes(name) || String(value) === String(before)) continue;
    const then = before === undefined || before === false ? 'without it' : `with ${optionText(name, before)}`;
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `train: ${optionText(name, value)} would change the training, which began ${then}: leave it out, or start anew in another --out`,
    );
  }
}
