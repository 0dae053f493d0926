import type { Command } from 'commander';
import { checkUsage, type OptionRule } from '../option-rules';
import * as values from '../option-values';
import { threads } from './options';

const rules: readonly OptionRule<{ train?: boolean }>[] = [
  { options: ['images', 'epochs', 'out'], apply: ({ train }) => train === true, only: 'with --train' },
  { options: ['data'], apply: ({ train }) => train !== true, only: 'without --train, which trains on synthetic digits' },
];

export function addDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('show the bundled networks at work: digits and images with their classes, and the time an image takes')
    .option('--data <dir>', 'the folder of CIFAR-10, to show images of it and the accuracy on its test images (default: data/cifar10)')
    .option('--train', 'instead, train a small adder network on synthetic digits, save it, load it and use it: about a minute')
    .option('--images <n>', 'with --train: how many digits to train on', values.positiveInteger, 10_000)
    .option('--epochs <n>', 'with --train: how many times to go over them', values.positiveInteger, 15)
    .option('--out <dir>', 'with --train: where the network goes', 'runs/demo')
    .addOption(threads());
  checkUsage(command, { rules });
  command.action(async (options) =>
    options.train ? (await import('../demo-training.js')).demoTraining(options) : (await import('../demo.js')).demo(options),
  );
}
