import { type Command, Option } from 'commander';
import { quantizedRange } from '../../graph/quantized-range';
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
      new Option(
        '--dtype <type>',
        'u8 or i16 quantizes a float network first, to 8 or 16 bits, calibrated on training images (default: as in the file)',
      ).choices(['f32', 'u8', 'i16']),
    )
    .addOption(options.bits())
    .addOption(options.range())
    .addOption(options.calibration())
    .addOption(options.limit())
    .option('--batch <n>', 'images at a time', values.positiveInteger, 100)
    .addOption(options.threads())
    .addOption(options.json());
  for (const option of options.folderOptions()) command.addOption(option);
  checkUsage<{ dataset?: string; dtype?: string; bits?: number }>(command, {
    required: ['weights'],
    rules: [
      ...dataRules,
      {
        options: ['bits', 'range', 'calibration'],
        apply: ({ dtype }) => dtype === 'u8' || dtype === 'i16',
        only: 'with --dtype u8 or i16, which quantizes the network',
      },
      {
        options: ['bits'],
        apply: ({ dtype, bits }) => quantizedRange(bits!).dtype === dtype,
        only: 'from 2 to 8 with --dtype u8, and from 9 to 16 with --dtype i16',
      },
    ],
  });
  command.action(async (args) => (await import('../evaluate.js')).evaluateCommand(args));
}
