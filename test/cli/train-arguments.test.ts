// What a run's folder keeps as its arguments: what the command line takes is read again, and anything else is refused by name.
import { Command } from 'commander';
import t from 'tap';
import { AdderNetError } from '../../dist';
import { addTrain } from '../../dist/cli/commands/train';
import { parseTrainArguments } from '../../dist/cli/train-arguments';

const parse = (value: unknown) => parseTrainArguments(JSON.stringify(value), 'a/arguments.json');

/** What commander makes of these words. */
function options(...words: string[]): Record<string, unknown> {
  const program = new Command();
  addTrain(program);
  const [command] = program.commands;
  command!.action(() => {});
  program.parse(['train', ...words], { from: 'user' });
  return command!.opts();
}

const all = options(
  ...['--model', 'resnet20', '--kind', 'conv', '--dataset', 'folder', '--data', 'd', '--epochs', '3', '--batch', '8', '--lr', '0.1'],
  ...['--rate', 'plain', '--gradient', 'sign', '--momentum', '0.5', '--nesterov', '--weight-decay', '0', '--clip-norm', '1'],
  ...['--schedule', 'step', '--warm-up', '0.5', '--label-smoothing', '1', '--average', '0.9', '--teacher', 't', '--temperature', '2'],
  ...['--teacher-alpha', '0', '--teacher-features', '1', '--augment', 'crop', '--validation', '0.1', '--patience', '2', '--limit', '9'],
  ...['--seed', '7', '--threads', '2', '--out', 'o', '--resume', '--json', '--image-size', '64x96', '--skip-bad', '--background', 'red'],
  ...[
    '--invert',
    '--gradient',
    'sign',
    '--kind',
    'adder',
    '--product-epochs',
    '0.5',
    '--centered-epochs',
    '1.5',
    '--freeze',
    'conv1',
    'fc',
  ],
);

t.test('what the command line takes is read again', (t) => {
  t.same(parse(options()), options(), 'nothing but defaults');
  t.same(parse(all), all, 'every option but --weights, which excludes others');
  t.same(parse({ weights: 'w', unit: 'xnor' }), { weights: 'w', kind: 'xnor' }, 'as older versions wrote it');
  t.same(parse({}), {});
  t.end();
});

const wrong: Record<string, unknown[]> = {
  ...Object.fromEntries(['epochs', 'batch', 'patience', 'limit', 'seed', 'threads'].map((name) => [name, [0, -1, 1.5, '3', 2 ** 53]])),
  ...Object.fromEntries(['lr', 'clipNorm', 'temperature'].map((name) => [name, [0, -1, '1']])),
  ...Object.fromEntries(
    ['eta', 'weightDecay', 'teacherFeatures', 'warmUp', 'productEpochs', 'centeredEpochs'].map((name) => [name, [-1, '1']]),
  ),
  ...Object.fromEntries(['labelSmoothing', 'teacherAlpha', 'momentum', 'average', 'validation'].map((name) => [name, [-0.1, 1.1]])),
  ...Object.fromEntries(
    ['kind', 'rate', 'gradient', 'schedule', 'augment', 'dataset'].map((name) => [name, ['', 'toString', 0, ['conv']]]),
  ),
  ...Object.fromEntries(['nesterov', 'skipBad', 'invert', 'json'].map((name) => [name, [0, 'false', 'x']])),
  ...Object.fromEntries(['model', 'data', 'weights', 'teacher', 'background', 'out'].map((name) => [name, [1, 'x'.repeat(5000), ['x']]])),
  imageSize: [3, [3], [3, 4, 5], [3, 0], ['3', '4'], {}],
  freeze: ['conv1', [1], {}],
};

t.test('anything else is refused with the file and the argument', (t) => {
  for (const name of Object.keys({ ...all, weights: '' }))
    for (const value of [null, {}, [[]], '\u001b[2J\u202e'.repeat(1000), ...(wrong[name] ?? [])]) {
      const refused = {
        name: 'AdderNetError',
        code: 'ERR_CORRUPT',
        message: new RegExp(`^a/arguments\\.json: ${name}\\b.* is .*, expected `),
      };
      t.throws(() => parse({ ...all, [name]: value }), refused, `${name}: ${JSON.stringify(value).slice(0, 50)}`);
    }
  t.end();
});

t.test('what is no object of arguments', (t) => {
  for (const json of ['', '{', 'null', '[]', '3', '{"epochs":1,"epochs":2}', `{"freeze":${'['.repeat(1e6)}`])
    t.throws(() => parseTrainArguments(json, 'f'), { name: 'AdderNetError', code: 'ERR_CORRUPT', message: /^f\b/ }, json.slice(0, 30));
  for (const name of ['future', '__proto__', 'toString', '\u001b[2J'])
    t.throws(
      () => parseTrainArguments(`{${JSON.stringify(name)}:1}`, 'f'),
      { name: 'AdderNetError', code: 'ERR_FORMAT', message: `f: ${JSON.stringify(name)} is no argument of this version` },
      name,
    );
  try {
    parseTrainArguments(JSON.stringify({ ['x'.repeat(1e6)]: 1 }), 'f');
    t.fail('it was taken');
  } catch (error) {
    t.ok(error instanceof AdderNetError && error.message.length < 1000);
  }
  t.end();
});
