import type { Command } from 'commander';
import { checkUsage } from '../option-rules';
import * as values from '../option-values';
import * as options from './options';

export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .description('print the most likely classes of images; exit code 1 if one cannot be read')
    .argument('<image...>', 'image files; - reads one from standard input')
    .addOption(options.weights())
    .addOption(options.model())
    .addOption(options.kind())
    .option('--top <n>', 'how many classes to print', values.positiveInteger, 5)
    .addOption(options.background())
    .addOption(options.invert())
    .option('--max-pixels <n>', 'reject images with more pixels (default: 25 million)', values.positiveInteger)
    .addOption(options.threads())
    .addOption(options.json());
  checkUsage(command, { required: ['weights'] });
  command.action(async (images, args) => (await import('../predict.js')).predict(images, args));
}
