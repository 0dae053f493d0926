import { type Command, Option } from 'commander';
import { dataRules } from '../data-rules';
import { checkUsage } from '../option-rules';
import * as values from '../option-values';
import * as options from './options';

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('measure the accuracy of a network on the test images of a data set')
    .addOption(options.weights())
    .addOption(options.model())
    .addOption(options.kind())
    .addOption(options.dataset("what to measure on (default: the network's own data set)"))
    .addOption(options.data())
    .addOption(
      new Option('--dtype <type>', 'u8 quantizes a float network first, calibrated on training images (default: as in the file)').choices([
        'f32',
        'u8',
      ]),
    )
    .addOption(options.bits())
    .addOption(options.range())
    .addOption(options.calibration())
    .addOption(options.limit())
    .option('--batch <n>', 'images at a time', values.positiveInteger, 100)
    .addOption(options.threads())
    .addOption(options.json());
  for (const option of options.folderOptions()) command.addOption(option);
  checkUsage<{ dataset?: string; dtype?: string }>(command, {
    required: ['weights'],
    rules: [
      ...dataRules,
      {
        options: ['bits', 'range', 'calibration'],
        apply: ({ dtype }) => dtype === 'u8',
        only: 'with --dtype u8, which quantizes the network',
      },
    ],
  });
  command.action(async (args) => (await import('../evaluate.js')).evaluateCommand(args));
}
