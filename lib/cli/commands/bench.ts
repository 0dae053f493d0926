import { Argument, type Command } from 'commander';
import { checkUsage } from '../option-rules';
import { json, threads } from './options';

export function addBench(program: Command): void {
  const command = program
    .command('bench')
    .description('measure how fast kernels, layers and networks run on this machine (needs: npm i benchmark)')
    .addArgument(
      new Argument(
        '<what>',
        'single kernels; layers compared with onnxruntime; whole networks (models), in WebAssembly (wasm); training steps (train); the server (serve)',
      ).choices(['kernels', 'layers', 'models', 'wasm', 'train', 'serve']),
    )
    .option('--isa <name>', 'use one instruction set (default: all that this CPU has for kernels, otherwise the best)')
    .option('--filter <text>', 'measure only what contains this text in its name, such as "adder" or "16x16 32-32"')
    .option('--nodes', 'profile each network node by node (models)')
    .option('--quick', 'fewer and shorter rounds, and only the best instruction set for kernels: rough numbers in seconds')
    .addOption(threads())
    .addOption(json());
  checkUsage(command, {
    rules: [
      {
        options: ['isa', 'filter'],
        apply: () => command.args[0] !== 'serve',
        only: 'to benchmarks that run in this process: kernels, layers, models, wasm, train',
      },
      { options: ['nodes'], apply: () => command.args[0] === 'models', only: 'to models' },
    ],
  });
  command.action(async (what, options) => (await import('../bench.js')).bench(what, options));
}
