// Rules for the plain data of files: what does not fit is named with its place.
import t from 'tap';
import { allOf, check, integer, listOf, misfit, number, objectWith, oneOf, optional, type Rule, recordOf, text } from '../dist/schema';

const run = objectWith({
  name: text(5),
  kind: oneOf(['adder', 'conv']),
  epochs: listOf(objectWith({ loss: number(), step: integer(1, 9) }), 'a list of epochs'),
  mean: optional(listOf(number(0), 'two means', 2)),
  settings: optional(recordOf(text(3))),
});
const good = { name: 'a', kind: 'adder', epochs: [{ loss: -1, step: 1 }], mean: [0, 1], settings: { a: 'b' }, later: {} };

t.test('what fits', (t) => {
  t.equal(misfit(good, run), undefined);
  t.equal(misfit({ name: '', kind: 'conv', epochs: [] }, run), undefined, 'what is optional may be missing');
  t.end();
});

const deep = JSON.parse(`${'['.repeat(150)}${']'.repeat(150)}`);
const cases: [object | null, string][] = [
  [null, 'it is null, expected { name, kind, epochs, mean, settings }'],
  [[], 'it is [], expected { name, kind, epochs, mean, settings }'],
  [{ ...good, name: undefined }, 'name is missing, expected text of at most 5 characters'],
  [{ ...good, name: 'abcdef' }, 'name is "abcdef", expected text of at most 5 characters'],
  [{ ...good, name: '\u001b]' }, ''],
  [{ ...good, name: ['\u001b]'] }, 'name is ["\\u001b]"], expected text of at most 5 characters'],
  [{ ...good, kind: ['adder'] }, 'kind is ["adder"], expected one of adder, conv'],
  [{ ...good, kind: deep }, 'kind is [[[…]]], expected one of adder, conv'],
  [{ ...good, epochs: { length: 0 } }, 'epochs is an object, expected a list of epochs'],
  [
    {
      ...good,
      epochs: [
        { loss: 0, step: 1 },
        { loss: '0', step: 1 },
      ],
    },
    'epochs[1].loss is "0", expected a number',
  ],
  [{ ...good, epochs: [{ loss: 0, step: 1.5 }] }, 'epochs[0].step is 1.5, expected an integer from 1 to 9'],
  [{ ...good, epochs: [7] }, 'epochs[0] is 7, expected { loss, step }'],
  [{ ...good, mean: [1] }, 'mean is [1], expected two means'],
  [{ ...good, mean: [1, -1] }, 'mean[1] is -1, expected a number of at least 0'],
  [{ ...good, settings: { a: 1 } }, 'settings.a is 1, expected text of at most 3 characters'],
  [Object.create(good), 'name is missing, expected text of at most 5 characters'],
];
for (const [value, why] of cases)
  t.test(why, (t) => {
    t.equal(misfit(value, run) ?? '', why);
    if (why !== '')
      t.throws(() => check('f', value, run as Rule<unknown>), { name: 'AdderNetError', code: 'ERR_CORRUPT', message: `f: ${why}` });
    t.end();
  });

t.test('every rule says what it expects', (t) => {
  const [low, high] = [Number.NEGATIVE_INFINITY, 5];
  const cases: [Rule<unknown>, unknown, string][] = [
    [number(), 'x', 'a number'],
    [number(1), 0, 'a number of at least 1'],
    [number(-1, high), 6, 'a number from -1 to 5'],
    [number(low, high), 6, 'a number of at most 5'],
    [integer(2), 1, 'an integer from 2'],
    [oneOf(['f32']), 'u8', 'f32'],
    [allOf<unknown>(number(0), integer(), number(0, 9)), 0.5, 'an integer from 0'],
    [allOf<unknown>(number(0), integer(), number(0, 9)), 10, 'a number from 0 to 9'],
  ];
  for (const [schema, value, expected] of cases) t.match(misfit(value, schema), new RegExp(`, expected ${expected}$`));
  t.equal(misfit(9, allOf<unknown>(number(0), integer(), number(0, 9))), undefined);
  t.end();
});

t.test('keys of a file are cut', (t) => {
  t.ok(misfit({ ['x'.repeat(1e6)]: 1 }, recordOf(text(1)))!.length < 300);
  t.end();
});
