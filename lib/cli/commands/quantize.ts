import type { Command } from 'commander';
import { dataRules } from '../data-rules';
import { checkUsage } from '../option-rules';
import * as options from './options';

export function addQuantize(program: Command): void {
  const command = program
    .command('quantize')
    .description('quantize an adder network to 8 bits, a quarter of the size, or up to 16, as accurate as floats')
    .addOption(options.weights())
    .addOption(options.model())
    .addOption(options.kind())
    .addOption(options.dataset("what to calibrate on (default: the network's own data set)"))
    .addOption(options.data())
    .addOption(options.bits())
    .addOption(options.range())
    .addOption(options.calibration())
    .option('--out <file>', 'the .safetensors file to write')
    .addOption(options.json())
    .addHelpText(
      'after',
      options.helpNote(
        'Every number takes a byte in the file up to 8 bits, and two from 9 on: fewer bits show how much accuracy remains, but save no space.',
      ),
    );
  for (const option of options.folderOptions()) command.addOption(option);
  checkUsage(command, { required: ['weights', 'out'], rules: dataRules });
  command.action(async (args) => (await import('../quantize.js')).quantizeCommand(args));
}
