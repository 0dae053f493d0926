import type { Command } from 'commander';
import { json, kind, model } from './options';

export function addConvert(program: Command): void {
  program
    .command('convert')
    .description('convert the weights file of a float network, such as a .pth, to .safetensors')
    .argument('<in>', 'a weights file')
    .argument('<out>', 'the .safetensors file to write')
    .addOption(model())
    .addOption(kind())
    .option('--half', 'store filters in 16-bit floats, for half the size')
    .addOption(json())
    .action(async (from, to, options) => (await import('../convert.js')).convert(from, to, options));
}
