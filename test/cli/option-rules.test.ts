// Options that do not apply where they stand are refused, by one table for each command.
import { Command } from 'commander';
import t, { type Test } from 'tap';
import { dataRules } from '../../dist/cli/data-rules';
import { checkApply, checkUsage, flagOf, type OptionRule } from '../../dist/cli/option-rules';
import { checkUnchanged, trainRules } from '../../dist/cli/train-rules';

interface Options {
  kind?: string;
  maxPixels?: number;
  name?: string;
}
const rules: readonly OptionRule<Options>[] = [
  { options: ['maxPixels', 'name'], apply: ({ kind }) => kind === 'image', only: ({ kind }) => `to images, not to ${kind}` },
];

/** What the command says of such arguments; undefined if it runs. */
function messageOf(t: Test, ...args: string[]): string | undefined {
  const command = new Command('test').option('--kind <k>').option('--max-pixels <n>', '', '5').option('--name <n>').exitOverride();
  let message: string | undefined;
  command.configureOutput({
    writeErr: (text) => {
      message = text.trim();
    },
  });
  checkUsage(command, { required: ['kind'], rules });
  let ran = false;
  command.action(() => {
    ran = true;
  });
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    t.match(error, { exitCode: 2 });
  }
  t.equal(ran, message === undefined, 'a command runs only if its options are right');
  return message;
}

t.test('on the command line', (t) => {
  t.equal(messageOf(t), "error: required option '--kind <k>' not specified");
  t.equal(messageOf(t, '--name', 'x'), "error: required option '--kind <k>' not specified");
  t.equal(messageOf(t, '--kind', 'sound'), undefined, 'a default is not given by anybody');
  t.equal(messageOf(t, '--kind', 'image', '--name', 'x', '--max-pixels', '5'), undefined);
  t.equal(messageOf(t, '--kind', 'sound', '--max-pixels', '5'), 'error: --max-pixels applies only to images, not to sound');
  t.equal(messageOf(t, '--kind', 'sound', '--name', 'x'), 'error: --name applies only to images, not to sound');
  t.end();
});

t.test('where a file decides', (t) => {
  checkApply({ name: undefined }, { kind: 'sound' }, rules);
  checkApply({ name: 'x' }, { kind: 'image' }, rules);
  t.throws(() => checkApply({ name: 'x' }, { kind: 'sound' }, rules), {
    code: 'ERR_ARGUMENT',
    message: '--name applies only to images, not to sound',
  });
  t.end();
});

t.test('flags', (t) => {
  t.same(['data', 'maxPixels', 'teacherFeatures'].map(flagOf), ['--data', '--max-pixels', '--teacher-features']);
  t.end();
});

t.test('of a resumed training', (t) => {
  const began = { lr: 0.1, epochs: 10, nesterov: false, imageSize: [64, 96] as const, freeze: ['conv1', 'fc'] };
  checkUnchanged({ lr: 0.1, epochs: 20, threads: 4, data: 'elsewhere', imageSize: [64, 96], freeze: ['conv1', 'fc'] }, began);
  t.throws(() => checkUnchanged({ nesterov: true }, began), { message: /--nesterov would change .* started without it/ });
  t.throws(() => checkUnchanged({ imageSize: [64, 64] }, began), { message: /--image-size 64x64 .* started with --image-size 64x96/ });
  t.throws(() => checkUnchanged({ clipNorm: 1 }, began), { message: /--clip-norm 1 .* started without it/ });
  t.end();
});

t.test('every rule names options that exist, in one form', (t) => {
  for (const { options, only } of [...trainRules, ...dataRules]) {
    for (const option of options) t.match(option, /^[a-z][A-Za-z]*$/);
    t.match(only, /^(to|with|without) .*[^.]$/, String(only));
  }
  t.end();
});
