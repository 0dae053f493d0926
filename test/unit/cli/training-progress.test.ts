// What a person sees of a training: lines now and then, a bar on a terminal, nothing where it is not wanted.
import { Writable } from 'node:stream';
import t from 'tap';
import { duration, startTrainingProgress } from '../../../dist/cli/training-progress';

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
const epochLine = 'epoch 2: rate 0.0500  loss 0.4567  accuracy 90.00 %   measured: loss 0.5000  accuracy 80.00 %   612 images/s, 1:23\n';

t.test('plain lines: one for an epoch, others at most every half minute', (t) => {
  let time = 0;
  const stream = fakeStream(false);
  const progress = startTrainingProgress({ quiet: false, stream, now: () => time });
  progress.note('begins');
  for (; time < 65_000; time += 1000) progress.onBatch(info);
  progress.onEpoch(record);
  progress.stop();
  const within = 'epoch 2/3  400/1000  loss 0.500  accuracy 87.50 %  50 images/s\n';
  t.equal(stream.text, `begins\n${within}${within}${epochLine}`);
  t.end();
});

t.test('a bar on a terminal, with lines that stay above it', async (t) => {
  const stream = fakeStream(true);
  const progress = startTrainingProgress({ quiet: false, stream });
  progress.note('begins');
  progress.onBatch(info);
  progress.onEpoch(record);
  await new Promise((resolve) => setTimeout(resolve, 300)); // the bar is drawn now and then
  progress.stop();
  t.match(stream.text, 'begins');
  t.match(stream.text, /epoch 2\/3 \[.*400\/1000 {2}loss 0.500 {2}accuracy 87.50 % {2}50 images\/s {2}0:12 of the epoch, 0:32 in all/);
  t.match(stream.text, epochLine);
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
