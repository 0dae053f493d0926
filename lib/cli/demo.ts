// `addernet demo`: shows the bundled networks at work on synthetic digits, and on images of CIFAR-10 if its files are there.
import { existsSync } from 'node:fs';
import { cpuInfo, setThreads } from '../cpu';
import type { Dataset } from '../data/dataset';
import { generateDigits } from '../data/digits';
import { openDataset } from '../data/open-dataset';
import { load } from '../files';
import { compile, compiled, type InferenceSession } from '../session';
import { Tensor } from '../tensor';
import { medianTimes } from '../timing';
import { evaluate } from '../train/evaluate';
import { defaultFolder } from './open-data';
import { printDrawing, printText } from './terminal';
import { brailleLines, colorLines, imagesPerRow, sideBySide } from './terminal-images';
import { print } from './text-layout';

export async function demo({ data, threads }: { data?: string; threads?: number }): Promise<void> {
  if (threads !== undefined) setThreads(threads);
  const cpu = cpuInfo();
  print(`${cpu.model}: kernels ${cpu.isa}, ${cpu.threads} ${cpu.threads === 1 ? 'thread' : 'threads'}`, '');
  print('lenet5-bn-mnist-8bit, an adder network in 8 bits, reads synthetic digits:');
  printDrawing(`${await classified(await compile(await load('lenet5-bn-mnist-8bit')), generateDigits(5, Date.now()))}\n`);

  const network = await load('resnet20-cifar10-8bit');
  const folder = data ?? defaultFolder('cifar10');
  if (data === undefined && !existsSync(folder)) print('(`addernet data get cifar10` downloads images that are shown here, too)', '');
  else {
    const testImages = openDataset('cifar10', folder, 'test');
    print('resnet20-cifar10-8bit classifies images of CIFAR-10:');
    printDrawing(await classified(await compile(network), testImages));
    const { top1, images, imagesPerSecond } = await evaluate(await compiled(network), testImages);
    print(`${(100 * top1).toFixed(2)} % of ${images} test images are right, ${Math.round(imagesPerSecond)} images/s`, '');
  }

  const sessions = {
    'adder, 8 bits': await compile(network),
    'adder 2x2, 8 bits': await compile(await load('resnet20-cifar10-2x2-8bit')),
    'adder, floats': await compile(await load('resnet20-cifar10')),
    'adder 2x2, floats': await compile(await load('resnet20-cifar10-2x2')),
    'CNN, floats': await compile(await load('resnet20-cifar10-conv')),
  };
  printText('ResNet-20, milliseconds for one image:');
  const x = Tensor.zeros([1, 32, 32, 3]);
  const runs = Object.fromEntries(Object.entries(sessions).map(([name, session]) => [name, () => session.runSync(x)]));
  for (const [name, milliseconds] of Object.entries(medianTimes(runs, 200))) printText(`  ${name.padEnd(24)} ${milliseconds.toFixed(3)}`);
  for (const session of Object.values(sessions)) session.dispose();
}

/** Draws some images with their predicted classes below, and with the true class where the prediction is wrong. */
async function classified(session: InferenceSession, dataset: Dataset): Promise<string> {
  const [height, width, channels] = dataset.imageShape as [number, number, number];
  const isGray = channels === 1;
  const characters = isGray ? width / 2 : width;
  const count = imagesPerRow(characters);
  const shown = Array.from({ length: count }, (_, i) => Math.floor((i * dataset.length) / count));
  const images = shown.map((i) => new Tensor(dataset.images(i, i + 1).data, dataset.imageShape));
  const captions: string[] = [];
  for (const [i, image] of images.entries()) {
    const [best] = await session.classify(image.data, { width, height, top: 1 });
    const target = dataset.targets(shown[i]!, shown[i]! + 1)[0]!;
    captions.push(best!.class === target ? best!.name : `${best!.name}? ${dataset.classNames?.[target] ?? target}`);
  }
  session.dispose();
  if (!isGray && !process.stdout.isTTY) return captions.join(', '); // a file has no colors
  return sideBySide(images.map(isGray ? (image) => brailleLines(image) : colorLines), captions, characters);
}
