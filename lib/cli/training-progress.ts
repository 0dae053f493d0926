// What a person watches while a network learns: on a terminal a bar, elsewhere a line now and then; on standard error, since results are on
// standard output.
import { MultiBar, type SingleBar } from 'cli-progress';
import type { BatchInfo } from '../train/fit';
import type { EpochRecord } from '../train/progress';

export interface TrainingProgress {
  onBatch(info: BatchInfo): void;
  onEpoch(record: EpochRecord): void;
  /** A line that stays. */
  note(text: string): void;
  stop(): void;
}

export interface TrainingProgressOptions {
  quiet: boolean;
  stream?: NodeJS.WriteStream;
  /** Milliseconds since whenever. */
  now?: () => number;
}

const silent: TrainingProgress = { onBatch() {}, onEpoch() {}, note() {}, stop() {} };

export function startTrainingProgress({ quiet, stream = process.stderr, now = Date.now }: TrainingProgressOptions): TrainingProgress {
  if (quiet) return silent;
  return stream.isTTY ? bars(stream) : plainLines(stream, now);
}

const barFormat =
  'epoch {epoch}/{epochs} [{bar}] {value}/{total}  loss {loss}  accuracy {accuracy} %  {rate} images/s  {left} of the epoch, {all} in all';

function bars(stream: NodeJS.WriteStream): TrainingProgress {
  const multi = new MultiBar({ stream, hideCursor: true, format: barFormat, clearOnComplete: true });
  let bar: SingleBar | undefined;
  const line = (text: string): void => multi.log(`${text}\n`);
  return {
    onBatch(info) {
      bar ??= multi.create(info.imagesInEpoch, 0);
      const left = (info.imagesInEpoch - info.images) / info.imagesPerSecond;
      const epochsLeft = ((info.epochs - info.epoch) * info.imagesInEpoch) / info.imagesPerSecond;
      bar.update(info.images, {
        epoch: info.epoch,
        epochs: info.epochs,
        loss: info.loss.toFixed(3),
        accuracy: percent(info.accuracy),
        rate: Math.round(info.imagesPerSecond),
        left: duration(left),
        all: duration(left + epochsLeft),
      });
    },
    onEpoch(record) {
      line(epochLine(record));
    },
    note: line,
    stop() {
      multi.update(); // draws lines that wait for the bar's next turn
      multi.stop();
    },
  };
}

const secondsBetweenLines = 30;

function plainLines(stream: NodeJS.WriteStream, now: () => number): TrainingProgress {
  let last = now();
  const line = (text: string): void => {
    stream.write(`${text}\n`);
    last = now();
  };
  return {
    onBatch({ epoch, epochs, images, imagesInEpoch, loss, accuracy, imagesPerSecond }) {
      if (now() - last < secondsBetweenLines * 1000) return;
      const rate = Math.round(imagesPerSecond);
      line(
        `epoch ${epoch}/${epochs}  ${images}/${imagesInEpoch}  loss ${loss.toFixed(3)}  accuracy ${percent(accuracy)} %  ${rate} images/s`,
      );
    },
    onEpoch: (record) => line(epochLine(record)),
    note: line,
    stop() {},
  };
}

function epochLine({ epoch, learningRate, loss, accuracy, validation, imagesPerSecond, seconds }: EpochRecord): string {
  const measured = validation ? `   measured: loss ${validation.loss.toFixed(4)}  accuracy ${percent(validation.accuracy)} %` : '';
  const rate = Math.round(imagesPerSecond);
  return `epoch ${epoch}: rate ${learningRate.toPrecision(3)}  loss ${loss.toFixed(4)}  accuracy ${percent(accuracy)} %${measured}   ${rate} images/s, ${duration(seconds)}`;
}

const percent = (part: number): string => (100 * part).toFixed(2);

/** 0:07, 12:40, 3:05:00 */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
