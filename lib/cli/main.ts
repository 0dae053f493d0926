#!/usr/bin/env node
// `addernet <command>`: the door for a person. Each command is a file of its own, loaded when it is called, so that `rebuild` works where
// there is no binary yet.
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { AdderNetError } from '../errors';

const { version } = require('../../package.json') as { version: string };

const positiveInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a positive integer.');
  return value;
};

const program = new Command('addernet')
  .description('Adder neural networks: additions in place of multiplications')
  .version(version)
  .showHelpAfterError('(addernet <command> --help says more)')
  .exitOverride();

const json = ['--json', 'print one JSON object on standard output, nothing else'] as const;
const weights = ['--weights <file>', 'a .safetensors file, or the .pth of one of the networks'] as const;
const model = ['--model <name>', 'the network, where the file does not tell it'] as const;
const threads = ['--threads <n>', 'threads to use', positiveInteger] as const;

program
  .command('info')
  .description("this CPU, its instruction sets and threads; or a weights file's network and tensors")
  .argument('[file]', 'a weights file')
  .option(...json)
  .action(async (file, options) => (await import('./info.js')).info(file, options));

program
  .command('evaluate')
  .description('the accuracy of a network on the test images of a data set')
  .requiredOption(...weights)
  .option(...model)
  .option('--dataset <name>', "cifar10, cifar100, mnist or fashion-mnist (default: the network's own)")
  .requiredOption('--data <dir>', "the folder with the data set's official files")
  .addOption(new Option('--dtype <type>', 'numbers to compute with').choices(['f32']).default('f32'))
  .option('--limit <n>', 'only the first images', positiveInteger)
  .option('--batch <n>', 'images at a time', positiveInteger, 100)
  .option(...threads)
  .option(...json)
  .action(async (options) => (await import('./evaluate.js')).evaluateCommand(options));

program
  .command('predict')
  .description('the most likely classes of pictures')
  .argument('<image...>', 'picture files')
  .requiredOption(...weights)
  .option(...model)
  .option('--top <n>', 'classes to print', positiveInteger, 5)
  .option(...threads)
  .option(...json)
  .action(async (images, options) => (await import('./predict.js')).predict(images, options));

program
  .command('convert')
  .description('a .pth file to .safetensors')
  .argument('<in>', 'a weights file')
  .argument('<out>', 'the .safetensors file to write')
  .option(...model)
  .option(...json)
  .action(async (from, to, options) => (await import('./convert.js')).convert(from, to, options));

program
  .command('bench')
  .description('how fast the kernels run here')
  .addArgument(new Argument('<what>', 'what to measure').choices(['kernels']))
  .option('--isa <name>', 'one instruction set (default: all that this CPU has)')
  .option(...threads)
  .option(...json)
  .action(async (_what, options) => (await import('./bench.js')).benchKernels(options));

program
  .command('rebuild')
  .description('compile the native part on this machine')
  .action(async () => (await import('./rebuild.js')).rebuild());

/** Exit 0 success, 1 failure, 2 wrong usage. */
async function run(): Promise<number> {
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    // commander has printed its own: help and version are successes, the rest is wrong usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const known = error instanceof AdderNetError;
    console.error(process.env.ADDERNET_DEBUG === '1' ? error : `addernet: ${known ? '' : 'unexpected: '}${(error as Error).message}`);
    return 1;
  }
}

run().then((code) => {
  process.exitCode = code;
});
