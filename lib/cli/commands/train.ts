import { type Command, Option } from 'commander';
import { convKinds } from '../../conv-kind';
import { checkUsage } from '../option-rules';
import * as values from '../option-values';
import { trainRules } from '../train-rules';
import type { TrainArguments } from '../training-setup';
import { data, dataset, folderOptions, helpNote, limit, threads } from './options';

/** Of a training that is resumed, the options known here are not all: the others stand in its folder. */
const rules = trainRules.map((rule) => ({ ...rule, apply: (args: TrainArguments) => args.resume === true || rule.apply(args) }));

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a network; Ctrl-C saves a checkpoint, and --resume goes on from it, bit-exactly')
    .option('--model <name>', 'the network (default: lenet5bn for digits, otherwise resnet20)')
    .addOption(new Option('--kind <kind>', 'what its inner layers compute with').choices(convKinds).default('adder'))
    .addOption(dataset('what to train on').default('digits'))
    .addOption(data())
    .option('--epochs <n>', 'how many times to go over the images', values.positiveInteger, 10)
    .option(
      '--batch <n>',
      'images in a step (default: 256; with --dataset folder 128, fewer where there are few images)',
      values.positiveInteger,
    )
    .option('--lr <rate>', 'the learning rate (with --weights 0.01)', values.positive, 0.1)
    .option('--eta <factor>', 'scales the adaptive learning rate of adder filters', values.notNegative, 0.2)
    .addOption(
      new Option('--rate <kind>', 'which learning rate adder filters have').choices(['adaptive', 'increased', 'plain']).default('adaptive'),
    )
    .addOption(new Option('--gradient <kind>', 'the gradient of adder filters').choices(['full', 'sign']).default('full'))
    .option('--momentum <m>', 'the momentum, from 0 to below 1', values.belowOne, 0.9)
    .option('--nesterov', "use Nesterov's momentum")
    .option('--weight-decay <d>', 'the weight decay of every parameter', values.notNegative, 5e-4)
    .option('--clip-norm <norm>', 'the largest norm of the gradients of ordinary parameters', values.positive)
    .addOption(
      new Option('--schedule <kind>', 'how the learning rate changes over time')
        .choices(['cosine', 'constant', 'step', 'polynomial'])
        .default('cosine'),
    )
    .option('--warm-up <epochs>', 'let the learning rate rise from 0 over the first epochs', values.notNegative)
    .option('--label-smoothing <s>', 'how much of the target to spread over all classes, from 0 to 1', values.upToOne, 0)
    .option('--average <decay>', 'keep the moving average of the weights, with a decay such as 0.999', values.betweenZeroAndOne)
    .option('--teacher <file>', 'distill from a trained network: its weights file or name')
    .option('--temperature <t>', 'divide the logits of teacher and student by this', values.positive, 4)
    .option('--teacher-alpha <a>', 'what part of the loss comes from the teacher', values.upToOne, 0.9)
    .option(
      '--teacher-features <w>',
      'the weight of the distance to the features of the teacher, a float network of the same model',
      values.notNegative,
      0,
    )
    .addOption(
      new Option('--augment <kind>', 'shift images at random, and mirror them; auto: crop for digits, otherwise crop+flip')
        .choices(['auto', 'none', 'crop', 'crop+flip'])
        .default('auto'),
    )
    .option(
      '--validation <part>',
      'hold out this part of the training images to measure on (default: measure on the test images)',
      values.betweenZeroAndOne,
    )
    .option('--patience <epochs>', 'with --validation: stop after so many epochs without a better accuracy', values.positiveInteger)
    .option('--weights <file>', 'start from these weights, with a new classifier where the classes differ')
    .option('--freeze <layer...>', 'leave these layers as they are, such as conv1 or layer1.0; body: all but the classifier')
    .addOption(limit())
    .option('--seed <n>', 'the seed of the weights, the order of images and their augmentation', values.positiveInteger, 1)
    .addOption(threads())
    .option('--out <dir>', 'where everything goes (default: runs/<model>-<kind>-<dataset>)')
    .option('--resume', 'go on with the training in --out')
    .option('--json', 'print one line of JSON for each epoch, and one at the end')
    .addHelpText(
      'after',
      helpNote(
        'With a few hundred images of your own, start from a bundled network and train its classifier alone:',
        '  addernet train --dataset folder --data my-images --weights resnet20-cifar10 --freeze body',
      ),
    );
  for (const option of folderOptions()) command.addOption(option);
  checkUsage(command, { rules });
  command.action(async (options) => {
    const given = Object.fromEntries(Object.entries(options).filter(([name]) => command.getOptionValueSource(name) === 'cli'));
    const defaults = Object.fromEntries(command.options.map((option) => [option.attributeName(), option.defaultValue]));
    await (await import('../train.js')).train(given, defaults as never);
  });
}
