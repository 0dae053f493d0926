// `addernet demo --train`: the life cycle of a network in about a minute. An adder network trains on synthetic digits, is saved, loaded back
// and used on digits that it has not seen.
import { join } from 'node:path';
import { cpuInfo, setThreads } from '../cpu';
import { generateDigits, openDigits } from '../data/digits';
import { normalize } from '../data/normalize';
import { load, save } from '../files';
import { createFolder } from '../io/write-file';
import { createModel, type Model } from '../models';
import { Sgd, schedule } from '../optim';
import { Tensor } from '../tensor';
import { evaluate } from '../train/evaluate';
import { fit } from '../train/fit';
import { checkFolderOut } from './output-path';
import { printDrawing } from './terminal';
import { brailleLines, imagesPerRow, sideBySide } from './terminal-images';
import { print } from './text-layout';
import { startTrainingProgress } from './training-progress';

/** The width of a digit in Braille characters. */
const digitWidth = 14;

interface DemoTrainingArguments {
  images: number;
  epochs: number;
  threads?: number;
  out: string;
}

export async function demoTraining({ images, epochs, threads, out }: DemoTrainingArguments): Promise<void> {
  checkFolderOut('--out', out);
  if (threads !== undefined) setThreads(threads);
  const cpu = cpuInfo();
  print(
    `${cpu.model}: kernels ${cpu.isa}, ${cpu.threads} ${cpu.threads === 1 ? 'thread' : 'threads'}`,
    `A LeNet-5 of adder layers, which contain no multiplications, trains on ${images} synthetic digits.`,
  );
  const model = createModel('lenet5bn', { dataset: 'digits', seed: 1 });
  await train(model, images, epochs);

  const file = join(out, 'digits.safetensors');
  await createFolder(out);
  await save(model, file);
  const loaded = await load(file, { dtype: 'f32' });
  const { top1, images: tested, imagesPerSecond } = await evaluate(loaded, openDigits('test'));
  print(`saved to ${file} and loaded back: ${(100 * top1).toFixed(2)} % of ${tested} new digits, ${Math.round(imagesPerSecond)} images/s`);
  printDrawing(drawn(loaded, imagesPerRow(digitWidth)));
}

async function train(model: Model, images: number, epochs: number): Promise<void> {
  const progress = startTrainingProgress({ quiet: false });
  await fit(model, generateDigits(images, 1), {
    epochs,
    optimizer: new Sgd(model.parameters(), {
      lr: 0.1,
      momentum: 0.9,
      nesterov: true,
      weightDecay: 5e-4,
      adder: { rate: 'adaptive', eta: 0.1 },
    }),
    schedule: schedule.cosine({ epochs }),
    onBatch: (info) => progress.onBatch(info),
    onEpoch: (record) => progress.onEpoch(record),
  }).finally(() => progress.stop());
}

/** Draws new random digits with the predictions of the network below. */
function drawn(model: Model, count: number): string {
  const digits = generateDigits(10, Date.now());
  const { mean, std } = model.normalization;
  const images = digits.images(0, count);
  const logits = model.forward(normalize(images, mean, std)).data;
  const drawings = Array.from({ length: count }, (_, i) => brailleLines(new Tensor(digits.images(i, i + 1).data, digits.imageShape)));
  const answers = Array.from({ length: count }, (_, i) => {
    const own = logits.subarray(i * model.classes, (i + 1) * model.classes);
    const [found, target] = [own.indexOf(Math.max(...own)), digits.targets(i, i + 1)[0]!];
    return found === target ? `a ${found}` : `a ${found}? a ${target}`;
  });
  return sideBySide(drawings, answers, drawings[0]![0]!.length);
}
