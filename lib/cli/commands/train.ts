import { type Command, Option } from 'commander';
import { networkKinds } from '../../conv-kind';
import { checkUsage } from '../option-rules';
import * as values from '../option-values';
import { augmentations, gradients, rates, schedules, type TrainArguments } from '../train-arguments';
import { trainRules } from '../train-rules';
import { data, dataset, folderOptions, helpNote, limit, threads } from './options';

/** The rules do not apply to a resumed run here, because its other options are in its folder. */
const rules = trainRules.map((rule) => ({ ...rule, apply: (args: TrainArguments) => args.resume === true || rule.apply(args) }));

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a network; Ctrl-C saves a checkpoint, and --resume continues from it, bit-exactly')
    .option('--model <name>', 'the network (default: lenet5bn for digits, otherwise resnet20)')
    .addOption(new Option('--kind <kind>', 'what its inner layers compute with').choices(networkKinds).default('adder'))
    .addOption(dataset('what to train on').default('digits'))
    .addOption(data())
    .option('--epochs <n>', 'how many passes over the images', values.positiveInteger, 10)
    .option(
      '--batch <n>',
      'images per step (default: 256; with --dataset folder 128, or fewer if there are few images)',
      values.positiveInteger,
    )
    .option('--lr <rate>', 'the learning rate (with --weights: 0.01)', values.positive, 0.1)
    .option('--eta <factor>', 'the factor of the adaptive learning rate of adder and binary filters', values.notNegative, 0.2)
    .addOption(new Option('--rate <kind>', 'the learning rate of adder and binary filters').choices(rates).default('adaptive'))
    .addOption(new Option('--gradient <kind>', 'the gradient of adder filters').choices(gradients).default('full'))
    .option('--product-epochs <n>', 'compute products in adder layers in training over the first epochs, as a CNN does', values.notNegative)
    .option(
      '--centered-epochs <n>',
      'center the outputs of plain adder layers in training, less and less over this many epochs, which they learn faster with',
      values.notNegative,
    )
    .option('--momentum <m>', 'the momentum, from 0 to below 1', values.belowOne, 0.9)
    .option('--nesterov', "use Nesterov's momentum")
    .option('--weight-decay <d>', 'the weight decay of every parameter except binary filters', values.notNegative, 5e-4)
    .option('--clip-norm <norm>', 'clip the norm of the gradients of all parameters except adder and binary filters', values.positive)
    .addOption(new Option('--schedule <kind>', 'how the learning rate changes over time').choices(schedules).default('cosine'))
    .option('--warm-up <epochs>', 'increase the learning rate from 0 over the first epochs', values.notNegative)
    .option('--label-smoothing <s>', 'the part of the target to spread over all classes, from 0 to 1', values.upToOne, 0)
    .option('--average <decay>', 'keep a moving average of the weights, with a decay such as 0.999', values.betweenZeroAndOne)
    .option('--teacher <file>', 'distill from a trained network, given by its weights file or name')
    .option('--temperature <t>', 'the temperature that divides the logits of teacher and student', values.positive, 4)
    .option('--teacher-alpha <a>', 'the part of the loss that comes from the teacher', values.upToOne, 0.9)
    .option(
      '--teacher-features <w>',
      'the weight of the distance to the features of the teacher, which must be a float network of the same model',
      values.notNegative,
      0,
    )
    .addOption(
      new Option('--augment <kind>', 'shift and mirror images at random; auto: crop for digits, otherwise crop+flip')
        .choices(augmentations)
        .default('auto'),
    )
    .option(
      '--validation <part>',
      'hold out this part of the training images for validation (default: validate on the test images)',
      values.betweenZeroAndOne,
    )
    .option('--patience <epochs>', 'with --validation: stop after this many epochs without a better accuracy', values.positiveInteger)
    .option(
      '--weights <file>',
      'start from these weights, with a new classifier if the classes differ; with --kind adder-winograd also from those of an adder network',
    )
    .option('--freeze <layer...>', 'freeze these layers, such as conv1 or layer1.0; body: all except the classifier')
    .addOption(limit())
    .option('--seed <n>', 'the seed of the weights, the order of images and their augmentation', values.positiveInteger, 1)
    .addOption(threads())
    .option('--out <dir>', 'the output folder (default: runs/<model>-<kind>-<dataset>)')
    .option('--resume', 'continue the run in --out')
    .option('--json', 'print one line of JSON for each epoch, and one at the end')
    .addHelpText(
      'after',
      helpNote(
        'With only a few hundred images, start from a bundled network and train only its classifier:',
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
