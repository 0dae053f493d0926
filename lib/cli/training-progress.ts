// Shows the progress of training: a bar on a terminal, occasional lines elsewhere. It goes to standard error, because results go to standard
// output.

import { type Options, type Params, SingleBar } from 'cli-progress';
import { percent } from '../paper/page/table';
import type { BatchInfo } from '../train/fit';
import type { EpochRecord } from '../train/progress';
import { printable } from './printable';
import { barWith, terminalOptions } from './progress';
import { columnsOf, wrap } from './text-layout';

export interface TrainingProgress {
  onBatch(info: BatchInfo): void;
  onEpoch(record: EpochRecord): void;
  /** Prints a permanent line. */
  note(text: string): void;
  stop(): void;
}

export interface TrainingProgressOptions {
  quiet: boolean;
  stream?: NodeJS.WriteStream;
  /** A clock in milliseconds from any starting point. */
  now?: () => number;
}

const silent: TrainingProgress = { onBatch() {}, onEpoch() {}, note() {}, stop() {} };

export function startTrainingProgress({
  quiet,
  stream = process.stderr,
  now = () => performance.now(),
}: TrainingProgressOptions): TrainingProgress {
  if (quiet) return silent;
  const timeLeft = new TimeLeft(now);
  return stream.isTTY ? bar(stream, timeLeft) : plainLines(stream, timeLeft, now);
}

/** A permanent line erases the bar, and the next batch draws it again below. */
function bar(stream: NodeJS.WriteStream, timeLeft: TimeLeft): TrainingProgress {
  const shown = new SingleBar({ ...terminalOptions, stream, clearOnComplete: true, format: fitted });
  let drawn = false;
  const stop = (): void => {
    if (drawn) shown.stop();
    drawn = false;
  };
  const line = (text: string): void => {
    stop();
    stream.write(`${wrap(text, columnsOf(stream))}\n`);
  };
  return {
    onBatch(info) {
      const payload: Shown = { info, left: timeLeft.after(info) };
      if (drawn) shown.update(info.step, payload);
      else shown.start(info.steps, info.step, payload);
      drawn = true;
    },
    onEpoch(record) {
      timeLeft.epochEnds();
      line(epochLine(record));
    },
    note: line,
    stop,
  };
}

interface Shown {
  info: BatchInfo;
  left: string;
}

function fitted(options: Options, params: Params, { info, left }: Shown): string {
  return barWith(`${place(info)}, ${left}  ${soFar(info)}`, options, params);
}

const secondsBetweenLines = 30;

function plainLines(stream: NodeJS.WriteStream, timeLeft: TimeLeft, now: () => number): TrainingProgress {
  let last = now();
  const line = (text: string): void => {
    stream.write(`${printable(text)}\n`);
    last = now();
  };
  return {
    onBatch(info) {
      const left = timeLeft.after(info);
      if (now() - last >= secondsBetweenLines * 1000) line(`${place(info)}, ${left}  ${soFar(info)}`);
    },
    onEpoch(record) {
      timeLeft.epochEnds();
      line(epochLine(record));
    },
    note: line,
    stop() {},
  };
}

/** Estimates the time left in the epoch, from the speed of its batches so far, and in the run, whose epochs also evaluate and save at their end. */
class TimeLeft {
  private lastBatch = 0;
  /** Seconds from the last batch of an epoch to the epoch's end. */
  private ending = 0;

  constructor(private readonly now: () => number) {}

  after({ epoch, epochs, images, imagesInEpoch, imagesPerSecond }: BatchInfo): string {
    this.lastBatch = this.now();
    const inEpoch = (imagesInEpoch - images) / imagesPerSecond + this.ending;
    const inAll = inEpoch + (epochs - epoch) * (imagesInEpoch / imagesPerSecond + this.ending);
    return `${duration(inEpoch)} left, ${duration(inAll)} in total`;
  }

  epochEnds(): void {
    this.ending = (this.now() - this.lastBatch) / 1000;
  }
}

const place = ({ epoch, epochs, step, steps }: BatchInfo): string => `epoch ${epoch}/${epochs}  step ${step}/${steps}`;

const soFar = ({ loss, accuracy, imagesPerSecond }: BatchInfo): string =>
  `loss ${loss.toFixed(3)}  accuracy ${percent(accuracy)}  ${Math.round(imagesPerSecond)} images/s`;

function epochLine({ epoch, learningRate, loss, accuracy, validation, imagesPerSecond, seconds }: EpochRecord): string {
  const measured = validation ? `   validation: loss ${validation.loss.toFixed(4)}  accuracy ${percent(validation.accuracy)}` : '';
  const rate = Math.round(imagesPerSecond);
  return `epoch ${epoch}: rate ${learningRate.toPrecision(3)}  loss ${loss.toFixed(4)}  accuracy ${percent(accuracy)}${measured}   ${rate} images/s, ${duration(seconds)}`;
}

/** 0:07, 12:40, 3:05:00 */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
