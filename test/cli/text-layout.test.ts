// What a person sees: nothing wider than the terminal, nothing that steers it.
import t from 'tap';
import { benchLine } from '../../dist/cli/bench';
import { type FileDescription, fileText } from '../../dist/cli/info';
import { listed } from '../../dist/cli/models';
import { shown } from '../../dist/cli/predict';
import { printable } from '../../dist/cli/printable';
import { columnsOf, fields, table, wrap } from '../../dist/cli/text-layout';
import { escapeControls } from '../../dist/quoted';

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

t.test('lines break at spaces, and words that are too long are cut', (t) => {
  t.equal(wrap('one two three', 80), 'one two three');
  t.equal(wrap('one two three', Number.POSITIVE_INFINITY), 'one two three');
  t.equal(wrap('one two three', 7), 'one two\n  three');
  t.equal(wrap('one  two three', 10), 'one  two\n  three', 'spaces within a line stay');
  t.equal(wrap('  indented line', 10), '  indented\n    line');
  t.equal(wrap('abcdefghij', 4), 'abcd\n  ef\n  gh\n  ij');
  t.equal(wrap('abc defghijkl', 6), 'abc\n  defg\n  hijk\n  l');
  t.equal(wrap('', 5), '');
  t.equal(wrap('exactly', 7), 'exactly');
  t.end();
});

t.test('only a terminal has columns', (t) => {
  t.equal(columnsOf({ isTTY: true, columns: 40 }), 40);
  t.equal(columnsOf({ isTTY: true, columns: 0 }), Number.POSITIVE_INFINITY, 'of which the size is not known');
  t.equal(columnsOf({ isTTY: undefined, columns: undefined } as never), Number.POSITIVE_INFINITY);
  t.end();
});

t.test('fields and tables stack where the terminal is narrow', (t) => {
  const rows = [
    ['name', 'a value of some words that go on'],
    ['b', 'x'],
  ] as const;
  t.equal(fields(rows, 80), 'name  a value of some words that go on\nb     x');
  t.equal(fields(rows, 20), 'name\n  a value of some\n  words that go on\nb\n  x');
  const cells = {
    rows: [
      ['long name', '1.5', 'yes'],
      ['b', '100.25', ''],
    ],
    isNumber: [false, true, false],
  };
  t.equal(table(cells, 80), 'long name     1.5  yes\nb          100.25');
  t.equal(table(cells, 15), 'long name\n  1.5  yes\nb\n  100.25');
  const withHeader = { ...cells, header: ['name', 'size', 'done'] };
  t.equal(table(withHeader, 80), 'name         size  done\nlong name     1.5  yes\nb          100.25');
  t.equal(table(withHeader, 15), table(cells, 15), 'a header explains columns, of which there are none');
  t.end();
});

t.test('control characters are written out, other letters stay', (t) => {
  t.equal(printable('a\x1b[31m\n\r\t\x7f\x9b\u202e\u2066\u2028b'), 'a\\x1b[31m\\n\\r\\t\\x7f\\x9b\\u202e\\u2066\\u2028b');
  for (let code = 0; code < 0x10000; code++) {
    const character = String.fromCharCode(code);
    if ((printable(character) === character) !== (escapeControls(character) === character)) t.fail(`U+${code.toString(16)}`);
  }
  for (const text of ['Katze', 'größe', '猫.png', '👩‍👧 family', 'a\\b']) t.equal(printable(text), text);
  t.end();
});

const description: FileDescription = {
  file: '/a/very/long/path/without/any/space/to/break/the/line/at/model.safetensors',
  bytes: 128_940,
  format: 'safetensors',
  layout: 'unknown',
  droppedPrefix: 'module.',
  network: {
    ...{ name: 'resnet20', kind: 'adder', classes: 30, dataset: 'folder', inputShape: [64, 96, 3] },
    classNames: Array.from({ length: 30 }, (_, i) => `class-${i}`),
    normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
    training: {
      ...{ command: 'addernet train --dataset folder', seed: 2, epochs: 1, accuracy: 0.5, images: 2000 },
      startedFrom: { command: 'addernet train', seed: 1, epochs: 30, accuracy: 0.25, images: 10_000 },
    },
  },
  metadata: { addernet: '{"name":"resnet20"}', license: 'MIT' },
  numbers: 62_414,
  tensors: [
    { name: 'layer1.0.downsample.conv.weight.long', dtype: 'f32', storedType: 'f16', shape: [512, 3, 3, 512] },
    { name: 'fc.bias', dtype: 'f32', storedType: 'f32', shape: [10] },
  ],
  notes: ['2 tensors were rounded.'],
};

t.test('a file of weights, in any width', (t) => {
  const wide = fileText(description, Number.POSITIVE_INFINITY);
  for (const line of [
    'tensors        2 of 62,414 numbers, stored as f16, f32',
    'input          64 x 96, color',
    'license        MIT',
    'prefix         module. was dropped from all names',
    'note           2 tensors were rounded.',
    'training       50.00 % of 2,000 images after 1 epoch of `addernet train --dataset folder` with seed 2; started from 25.00 % of 10,000 images after 30 epochs of `addernet train` with seed 1',
    'layer1.0.downsample.conv.weight.long  f32 (stored as f16)  [512,3,3,512]',
  ])
    t.ok(wide.split('\n').includes(line), line);
  t.match(wide, /class-0, class-1, .*class-19 … and 10 more \(--json prints all\)/);
  t.notMatch(wide, /\{/);
  for (const columns of [20, 40, 80]) {
    const text = fileText(description, columns);
    t.ok(widest(text) <= columns, `${columns} columns: ${widest(text)}`);
    t.match(text.replace(/\s+/g, ''), 'startedfrom25.00%of10,000images', 'nothing is lost');
  }
  t.end();
});

t.test('predictions, bundled networks and benchmarks, in any width', (t) => {
  const classes = [
    { class: 0, name: 'a class of a rather long name, of which there are some', probability: 0.75 },
    { class: 1, name: 'cat', probability: 0.25 },
  ];
  const bundled = {
    ...{ name: 'resnet20-cifar10-8bit', network: 'resnet20', kind: 'adder', bits: 8, bytes: 292_000, dataset: 'cifar10', accuracy: 0.9029 },
    ...{ inputShape: [32, 32, 3], classes: 2, classNames: ['airplane', 'automobile'] },
  };
  for (const columns of [40, 80]) {
    const texts = [
      shown('/some/where/quite/far/down/the/tree/of/folders/cat.png', classes, columns),
      listed([bundled], columns),
      benchLine('adderConv2dGradFilter f32', ['123456.1', '123456.1', '100.0 %', '1.00'], columns),
    ];
    for (const text of texts) t.ok(widest(text) <= columns, `${columns} columns:\n${text}`);
  }
  t.equal(shown('cat.png', [classes[1]!], 80), 'cat.png\n  cat  25.00 %');
  t.end();
});
