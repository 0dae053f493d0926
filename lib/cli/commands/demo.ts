import type { Command } from 'commander';
import { checkUsage, type OptionRule } from '../option-rules';
import * as values from '../option-values';
import { threads } from './options';

const rules: readonly OptionRule<{ train?: boolean }>[] = [
  { options: ['images', 'epochs', 'out'], apply: ({ train }) => train === true, only: 'with --train' },
  { options: ['data'], apply: ({ train }) => train !== true, only: 'without --train, which uses synthetic digits' },
];

export function addDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('show the bundled networks at work: classified digits and images, and the time per image')
    .option('--data <dir>', 'the folder of CIFAR-10, for showing its images and the accuracy on its test images (default: data/cifar10)')
    .option('--train', 'instead, train a small adder network on synthetic digits, then save, load and use it, in about a minute')
    .option('--images <n>', 'with --train: how many digits to train on', values.positiveInteger, 10_000)
    .option('--epochs <n>', 'with --train: how many times to go over them', values.positiveInteger, 15)
    .option('--out <dir>', 'with --train: the folder for the network', 'runs/demo')
    .addOption(threads());
  checkUsage(command, { rules });
  command.action(async (options) =>
    options.train ? (await import('../demo-training.js')).demoTraining(options) : (await import('../demo.js')).demo(options),
  );
}
