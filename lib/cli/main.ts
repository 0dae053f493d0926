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

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError('Expected a number of at least 0.');
  return value;
};

const port = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return value;
};

const part = (text: string): number => {
  const value = number(text);
  if (value <= 0 || value >= 1) throw new InvalidArgumentError('Expected a number between 0 and 1.');
  return value;
};

const quantile = (text: string): 'auto' | 'max' | number => {
  if (text === 'auto' || text === 'max') return text;
  const value = number(text);
  if (value <= 0 || value > 1) throw new InvalidArgumentError('Expected auto, max or a number up to 1.');
  return value;
};

const program = new Command('addernet')
  .description('Adder neural networks: additions in place of multiplications')
  .version(version)
  .showHelpAfterError('(addernet <command> --help says more)')
  .exitOverride();

const json = ['--json', 'print one JSON object on standard output, nothing else'] as const;
const weights = [
  '--weights <file>',
  'a .safetensors file, the .pth of one of the networks, or the name of one that comes with the package',
] as const;
const model = ['--model <name>', 'the network, where the file does not tell it'] as const;
const bits = ['--bits <n>', 'of quantised activations and filters, 2 to 8', positiveInteger, 8] as const;
const range = ['--range <r>', 'of activations: max, a quantile such as 0.9997, or auto, which goes by the bits', quantile, 'auto'] as const;
const calibration = ['--calibration <n>', 'training images to find the range by', positiveInteger, 512] as const;
const threads = ['--threads <n>', 'threads to use', positiveInteger] as const;

program
  .command('info')
  .description("this CPU, its instruction sets and threads; or a weights file's network and tensors")
  .argument('[file]', 'a weights file')
  .option(...json)
  .action(async (file, options) => (await import('./info.js')).info(file, options));

program
  .command('train')
  .description('train a network; Ctrl-C saves, --resume goes on with the same bits')
  .option('--model <name>', 'the network (default: lenet5bn for digits, else resnet20)')
  .addOption(new Option('--unit <unit>', 'what inner layers are made of').choices(['adder', 'conv', 'xnor']).default('adder'))
  .option(
    '--dataset <name>',
    'digits (built in), mnist, fashion-mnist, cifar10, cifar100, or folder: one subfolder of pictures a class',
    'digits',
  )
  .option('--data <dir>', "the folder with the data set's official files, or with the pictures")
  .option('--epochs <n>', 'passes over the images', positiveInteger, 10)
  .option('--batch <n>', 'images of a step', positiveInteger, 256)
  .option('--lr <rate>', 'learning rate', number, 0.1)
  .option('--eta <factor>', 'of the adaptive rate of adder filters', number, 0.2)
  .addOption(new Option('--rate <kind>', 'how adder filters learn').choices(['adaptive', 'increased', 'plain']).default('adaptive'))
  .addOption(new Option('--gradient <kind>', 'of adder filters').choices(['full', 'sign']).default('full'))
  .option('--momentum <m>', 'from 0 to below 1', number, 0.9)
  .option('--nesterov', "Nesterov's momentum", false)
  .option('--weight-decay <d>', 'of every parameter', number, 5e-4)
  .option('--clip-norm <norm>', 'largest norm of the gradients of ordinary parameters', number)
  .addOption(
    new Option('--schedule <kind>', 'learning rate over time').choices(['cosine', 'constant', 'step', 'polynomial']).default('cosine'),
  )
  .option('--warm-up <epochs>', 'epochs in which the learning rate rises from 0', number)
  .option('--label-smoothing <s>', 'share of the target spread over all classes', number, 0)
  .option('--average <decay>', 'keep the moving average of the weights, such as 0.999, and not the last ones', part)
  .option('--teacher <file>', 'weights, or a name, of a trained network whose answers are learnt besides the targets')
  .option('--temperature <t>', 'by which the logits of both are divided', number, 4)
  .option('--teacher-share <s>', 'share of the loss that goes by the teacher', part, 0.9)
  .option('--teacher-features <w>', 'weight of the distance to the features of the teacher, a float network of this kind', number, 0)
  .addOption(
    new Option('--augment <kind>', 'moves images a little, and mirrors them; auto: crop for digits, crop+flip for pictures')
      .choices(['auto', 'none', 'crop', 'crop+flip'])
      .default('auto'),
  )
  .option('--validation <part>', 'part of the training images to hold out and measure on (default: the test images are measured on)', part)
  .option('--patience <epochs>', 'stop after so many epochs without a better accuracy; needs --validation', positiveInteger)
  .option('--weights <file>', 'start from these weights; with a new head where the classes are others')
  .option('--freeze <layer...>', 'layers to leave as they are, such as conv1 or layer1.0; body: all but the head')
  .option('--limit <n>', 'only the first images', positiveInteger)
  .option('--seed <n>', 'of the weights, the order of images and their augmentation', positiveInteger, 1)
  .option(...threads)
  .option('--out <dir>', 'where everything goes (default: runs/<model>-<unit>-<dataset>)')
  .option('--resume', 'go on with the training in --out')
  .option('--json', 'print a JSON line for each epoch, and one at the end')
  .action(async (options, command: Command) => {
    const given = Object.fromEntries(Object.entries(options).filter(([name]) => command.getOptionValueSource(name) === 'cli'));
    const defaults = Object.fromEntries(command.options.map((option) => [option.attributeName(), option.defaultValue]));
    await (await import('./train.js')).train(given, defaults as never);
  });

program
  .command('evaluate')
  .description('the accuracy of a network on the test images of a data set')
  .requiredOption(...weights)
  .option(...model)
  .option('--dataset <name>', "digits, mnist, fashion-mnist, cifar10, cifar100 or folder (default: the network's own)")
  .option('--data <dir>', "the folder with the data set's official files, or with the pictures")
  .addOption(
    new Option('--dtype <type>', 'numbers to compute with; u8 quantises first, by training images').choices(['f32', 'u8']).default('f32'),
  )
  .option(...bits)
  .option(...range)
  .option(...calibration)
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
  .command('quantize')
  .description('an adder network to 8 bits or fewer, a quarter of the bytes')
  .requiredOption(...weights)
  .option(...model)
  .option('--dataset <name>', "for calibration: digits, mnist, fashion-mnist, cifar10, cifar100 or folder (default: the network's own)")
  .option('--data <dir>', "the folder with the data set's official files, or with the pictures")
  .option(...bits)
  .option(...range)
  .option(...calibration)
  .requiredOption('--out <file>', 'the .safetensors file to write')
  .option(...json)
  .action(async (options) => (await import('./quantize.js')).quantizeCommand(options));

program
  .command('convert')
  .description('a weights file, such as a .pth, to .safetensors')
  .argument('<in>', 'a weights file')
  .argument('<out>', 'the .safetensors file to write')
  .option(...model)
  .option('--half', 'store filters in 16-bit floats: half the size')
  .option(...json)
  .action(async (from, to, options) => (await import('./convert.js')).convert(from, to, options));

program
  .command('bench')
  .description('how fast kernels, layers and networks run here')
  .addArgument(
    new Argument('<what>', 'single kernels, layers beside onnxruntime, whole networks, or training steps').choices([
      'kernels',
      'layers',
      'models',
      'train',
      'serve',
    ]),
  )
  .option('--isa <name>', 'one instruction set (default: all that this CPU has for kernels, else the best)')
  .option(...threads)
  .option(...json)
  .action(async (what, options) => (await import('./bench.js')).bench(what, options));

program
  .command('data')
  .description('data sets')
  .command('get')
  .description("download a data set's official files, checked; the only command that uses the network")
  .addArgument(new Argument('<name>', 'which').choices(['mnist', 'fashion-mnist', 'cifar10', 'cifar100']))
  .option('--out <dir>', 'where to (default: data/<name>)')
  .option('--url <address>', 'a mirror to fetch from, instead of the official addresses')
  .option(...json)
  .action(async (name, options) => (await import('./data.js')).getData(name, options));

program
  .command('demo')
  .description('the networks of the package at work: digits and pictures with their classes, and what an image takes')
  .option('--data <dir>', 'the folder of CIFAR-10, to see pictures of it and the accuracy on all of its test images')
  .option('--train', 'instead, train a small adder network on built-in digits, save it, load it back and ask it: about a minute')
  .option('--images <n>', 'with --train: digits to learn from', positiveInteger, 10_000)
  .option('--epochs <n>', 'with --train: passes over them', positiveInteger, 15)
  .option('--out <dir>', 'with --train: where the network goes', 'runs/demo')
  .option(...threads)
  .action(async (options) =>
    options.train ? (await import('./demo-training.js')).demoTraining(options) : (await import('./demo.js')).demo(options),
  );

program
  .command('figures')
  .description('the tables and figures of the paper, remade here; what is finished stays when it is called again')
  .argument('[names...]', 'which (default: all)')
  .option('--out <dir>', 'where to', 'figures')
  .option('--data <dir>', 'the folder with a folder of official files for each data set, mnist and cifar10', 'data')
  .option('--logs <dir>', 'training logs to show: .jsonl files, or folders that trainings left')
  .option('--quick', 'less of everything, in minutes')
  .action(async (names, options) => (await import('./figures.js')).figuresCommand(names, options));

program
  .command('serve')
  .description('answer over HTTP: Open Inference Protocol v2, pictures, metrics, and a page to try it; ADDERNET_TOKEN sets a bearer token')
  .requiredOption('--weights <files...>', 'weights files or names of networks of the package, each maybe as NAME=FILE')
  .option('--host <address>', 'where to listen; 0.0.0.0 for everybody', '127.0.0.1')
  .option('--port <n>', '0: any that is free', port, 8080)
  .option('--grpc-port <n>', 'for the protocol over gRPC, too (default: none)', port)
  .option(...threads)
  .option('--max-batch <n>', 'images that run together', positiveInteger, 32)
  .option('--max-delay <ms>', 'how long an idle network waits for more of them', number, 0)
  .option('--max-queue <n>', 'images that wait for a network; on top of them: 503', positiveInteger, 256)
  .option('--max-body <bytes>', 'of a request', positiveInteger, 8 << 20)
  .option('--max-pixels <n>', 'of a picture', positiveInteger, 25_000_000)
  .option('--max-connections <n>', 'at a time', positiveInteger, 1000)
  .option('--timeout <ms>', 'for a request to arrive, and to wait', positiveInteger, 10_000)
  .option('--drain <ms>', 'at SIGTERM, to answer as not ready before connections close', number, 0)
  .addOption(new Option('--log-level <level>', 'of the log in JSON').choices(['silent', 'error', 'warn', 'info', 'debug']).default('info'))
  .action(async (options) => (await import('./serve.js')).serve(options));

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
  process.exitCode ||= code; // a command that was interrupted has set its own
});
