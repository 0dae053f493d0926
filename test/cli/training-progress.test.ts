// What a person sees of a training: lines now and then, a bar on a terminal, nothing where it is not wanted.
import { Writable } from 'node:stream';
import t from 'tap';
import { duration, startTrainingProgress } from '../../dist/cli/training-progress';

/** The lines a terminal shows after what was written: `wiped` stands for the sequence that empties the line the cursor is in. */
const wiped = '\x1b[2K';
function onScreen(text: string): string[] {
  const lines = text.split('\n').map((line) => line.slice(line.includes(wiped) ? line.lastIndexOf(wiped) + wiped.length : 0));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return lines.map((line) => line.replace(/\x1b(?:\[[\d;?]*[A-Za-z]|[78])/g, ''));
}

function fakeStream(isTTY: boolean): NodeJS.WriteStream & { text: string } {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      result.text += chunk;
      done();
    },
  });
  const result = Object.assign(stream, { text: '', isTTY, columns: 160, rows: 20, clearLine() {}, cursorTo() {}, moveCursor() {} });
  return result as unknown as NodeJS.WriteStream & { text: string };
}
const info = { epoch: 2, epochs: 3, step: 4, steps: 10, images: 400, imagesInEpoch: 1000, imagesPerSecond: 50, loss: 0.5, accuracy: 0.875 };
const record = {
  epoch: 2,
  learningRate: 0.05,
  loss: 0.4567,
  accuracy: 0.9,
  validation: { loss: 0.5, accuracy: 0.8 },
  seconds: 83,
  imagesPerSecond: 612.4,
};
const epochLine = 'epoch 2: rate 0.0500  loss 0.4567  accuracy 90.00 %   validation: loss 0.5000  accuracy 80.00 %   612 images/s, 1:23\n';

t.test('plain lines: one for an epoch, others at most every half minute', (t) => {
  let time = 0;
  const stream = fakeStream(false);
  const progress = startTrainingProgress({ quiet: false, stream, now: () => time });
  progress.note('begins');
  for (; time < 65_000; time += 1000) progress.onBatch(info);
  progress.onEpoch(record);
  progress.stop();
  const within = 'epoch 2/3  step 4/10, 0:12 left, 0:32 in total  loss 0.500  accuracy 87.50 %  50 images/s\n';
  t.equal(stream.text, `begins\n${within}${within}${epochLine}`);
  t.end();
});

t.test('the time left counts what comes between epochs', (t) => {
  let time = 0;
  const stream = fakeStream(false);
  const progress = startTrainingProgress({ quiet: false, stream, now: () => time });
  progress.onBatch({ ...info, epoch: 1, step: 10, images: 1000 });
  time += 7000; // of measuring
  progress.onEpoch({ ...record, epoch: 1 });
  time += 30_000;
  progress.onBatch(info);
  progress.stop();
  t.match(stream.text, ', 0:19 left, 0:46 in total ', '600 images, then 1000, at 50 a second, and twice 7 s');
  t.end();
});

t.test('a bar on a terminal gives way to lines that stay', (t) => {
  const stream = fakeStream(true);
  const progress = startTrainingProgress({ quiet: false, stream });
  progress.note('begins');
  t.equal(stream.text, 'begins\n', 'before there is a bar');
  progress.onBatch(info);
  t.match(stream.text, /\[=+-+\] epoch 2\/3 {2}step 4\/10, 0:12 left, 0:32 in total {2}loss 0.500 {2}accuracy 87.50 % {2}50 images\/s/);
  progress.note('goes on');
  progress.onBatch(info);
  progress.onEpoch(record);
  progress.stop();
  t.same(onScreen(stream.text), ['begins', 'goes on', epochLine.trimEnd(), ''], 'whole lines, none lost, and no bar in the end');
  t.end();
});

t.test('on a narrow terminal the numbers come first, and nothing wraps', (t) => {
  for (const columns of [40, 80, 90, 200]) {
    const stream = Object.assign(fakeStream(true), { columns });
    const progress = startTrainingProgress({ quiet: false, stream });
    progress.onBatch(info);
    const shown = onScreen(stream.text).at(-1)!;
    progress.stop();
    t.ok(shown.length <= columns, `${columns} columns: ${shown}`);
    t.match(shown, 'epoch 2/3  step 4/10, 0:12 left');
    t.equal(shown.includes('['), columns >= 100, 'a bar where there is room for one');
  }
  t.end();
});

t.test('nothing where it is not wanted', (t) => {
  const stream = fakeStream(true);
  const progress = startTrainingProgress({ quiet: true, stream });
  progress.note('x');
  progress.onBatch(info);
  progress.onEpoch(record);
  progress.stop();
  t.equal(stream.text, '');
  t.end();
});

t.test('durations', (t) => {
  t.same([0, 7.4, 59.6, 760, 11_100].map(duration), ['0:00', '0:07', '1:00', '12:40', '3:05:00']);
  t.end();
});
