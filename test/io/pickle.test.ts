import t from 'tap';
import { ByteReader } from '../../dist/io/byte-reader';
import { unpickle } from '../../dist/io/pickle';
import { PickleGlobal, PickleObject } from '../../dist/io/pickle-values';
import { refusal, survivesCorruption, unnoticedTruncations } from '../support/damage';
import * as p from '../support/pickle-bytes';

const read = (bytes: Uint8Array) => unpickle(new ByteReader(bytes, 'x.pkl'), 'x.pkl', (id) => ({ id }));
const value = (code: p.Code) => read(p.pickle(code));
const object = (code: p.Code) => value(code) as PickleObject;
const refused = (code: p.Code) => refusal(read, p.pickle(code));

t.test('numbers and text', async (t) => {
  for (const n of [0, 255, 256, -1, -(2 ** 31), 2 ** 31 - 1]) t.equal(value(p.int(n)), n);
  t.equal(value([0x4d, 0xe9, 0x03]), 1001);
  t.equal(value(p.float(-1.25)), -1.25);
  t.equal(value(p.long()), 0);
  t.equal(value(p.long(0xff)), -1);
  t.equal(value(p.long(0, 1)), 256);
  t.equal(value(p.long(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)), 0x1950a86a20f9469cfc6cn);
  t.equal(value(p.text('añ')), 'añ');
  t.equal(value([0x8c, 2, 0x61, 0x62]), 'ab');
  t.equal(value([0x8d, 2, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x62]), 'ab');
  t.equal(value([0x8b, 2, 0, 0, 0, 0xff, 0x7f]), 0x7fff);
  t.equal(value([0x55, 2, 0xff, 0x80]), '\xff\x80', 'the bytes of a string of Python 2');
  for (const bytes of [
    [0x43, 2],
    [0x42, 2, 0, 0, 0],
    [0x8e, 2, 0, 0, 0, 0, 0, 0, 0],
    [0x96, 2, 0, 0, 0, 0, 0, 0, 0],
  ])
    t.same(value([...bytes, 0xff, 0]), Uint8Array.of(0xff, 0));
  t.equal(value([0x55, 1, 0x61]), 'a');
  t.equal(value([0x54, 1, 0, 0, 0, 0x61]), 'a');
  t.same([value(p.none), value(p.bool(true)), value(p.bool(false))], [null, true, false]);
});

t.test('containers and the memo', async (t) => {
  t.same(value(p.tuple(p.int(1), p.tuple(), p.list(p.int(2)))), [1, [], [2]]);
  t.same(value([...p.int(1), ...p.int(2), ...p.int(3), 0x87]), [1, 2, 3]);
  t.same(value([...p.int(1), ...p.int(2), 0x86]), [1, 2]);
  t.same(value([...p.int(1), 0x85]), [1]);
  t.same(value([0x5d, ...p.int(1), 0x61]), [1]);
  t.same(
    value(p.dict([p.text('a'), p.int(1)], [p.int(2), p.none])),
    new Map<unknown, unknown>([
      ['a', 1],
      [2, null],
    ]),
  );
  t.same(value([0x7d, ...p.text('a'), ...p.int(1), 0x73]), new Map([['a', 1]]));
  // BINPUT 0 and BINGET 0; LONG_BINPUT and LONG_BINGET; MEMOIZE stores under the number of values stored before
  t.same(value(p.tuple([...p.text('a'), 0x71, 0], [0x68, 0])), ['a', 'a']);
  t.same(value(p.tuple([...p.text('a'), 0x72, 1, 2, 0, 0], [0x6a, 1, 2, 0, 0])), ['a', 'a']);
  t.same(value(p.tuple([...p.text('a'), 0x94], [...p.text('b'), 0x94], [0x68, 1])), ['a', 'b', 'b']);
  t.same(value(p.persistent(p.text('7'))), { id: '7' });
  t.same(value(p.build(p.dict(), p.dict([p.text('_metadata'), p.none]))), new Map());
  // POP, POP_MARK, POP of a mark, DUP
  t.equal(value([...p.int(1), ...p.int(2), 0x30]), 1);
  t.equal(value([...p.int(1), 0x28, ...p.int(2), ...p.int(3), 0x31]), 1);
  t.equal(value([...p.int(1), 0x28, 0x30]), 1);
  t.same(value([...p.int(1), 0x32, 0x86]), [1, 1]);
});

t.test('a frame of protocol 4 is passed over', async (t) => {
  t.equal(read(Uint8Array.from([0x80, 4, 0x95, 3, 0, 0, 0, 0, 0, 0, 0, ...p.int(5), 0x2e])), 5);
});

t.test('it stops at STOP, where the next pickle begins', async (t) => {
  const reader = new ByteReader(Buffer.concat([p.pickle(p.int(1)), p.pickle(p.int(2))]), 'x.pkl');
  t.same([unpickle(reader, 'x.pkl'), unpickle(reader, 'x.pkl'), reader.remaining], [1, 2, 0]);
});

t.test('protocol 0, whose arguments are lines of text', async (t) => {
  const line = (text: string): p.Code => [...Buffer.from(text, 'latin1')];
  const numbers: [string, unknown][] = [
    ['I12\n', 12],
    ['I-3\n', -3],
    ['I01\n', true],
    ['I00\n', false],
    ['L12L\n', 12],
    [`L${2n ** 80n}L\n`, 2n ** 80n],
    ['F-1.5e-3\n', -1.5e-3],
    ['Finf\n', Number.POSITIVE_INFINITY],
    ['F-inf\n', Number.NEGATIVE_INFINITY],
    ['Fnan\n', Number.NaN],
    ["S'it\\'s \\x41\\n\\\\\\377'\n", "it's A\n\\\xff"],
    ['S"a\'b"\n', "a'b"],
    ['Va\\u00f1\\U0001f600\xe9\n', 'añ😀é'],
  ];
  for (const [text, expected] of numbers) t.same(value(line(text)), expected, text);
  t.same(value(line('(lp0\nI1\nag0\n0')), [1]);
  t.same(value(line("(dp0\nS'a'\np1\nI1\ns")), new Map([['a', 1]]));
  t.same(value(line('(I1\nI2\nd')), new Map([[1, 2]]));
  t.same(value(line('(I1\nI2\nl')), [1, 2]);
  t.same(value(line('Psome id\n')), { id: 'some id' });
  for (const text of ['Ix\n', 'I1.5\n', 'L\n', 'F1..2\n', 'Fone\n', 'Sa\n', 'V\\Uffffffff\n', 'gx\n', `I${'9'.repeat(100_000)}\n`])
    t.match(refused(line(text)), { code: 'ERR_CORRUPT' }, text.slice(0, 20));
});

t.test('what Python would call is recorded, and nothing is run', async (t) => {
  const system = p.global('posix', 'system');
  const args = p.tuple(p.text('echo ran'));
  const calls: [string, p.Code][] = [
    ['REDUCE', p.reduce(system, args)],
    ['STACK_GLOBAL', p.reduce([...p.text('posix'), ...p.text('system'), 0x93], args)],
    ['NEWOBJ', [...system, ...args, 0x81]],
    ['NEWOBJ_EX', [...system, ...args, ...p.dict([p.text('shell'), p.bool(true)]), 0x92]],
    ['OBJ', [0x28, ...system, ...p.text('echo ran'), 0x6f]],
    ['INST', [0x28, ...p.text('echo ran'), 0x69, ...Buffer.from('posix\nsystem\n')]],
  ];
  for (const [what, code] of calls) {
    t.equal(object(code).name, 'posix.system', what);
    t.same(object(code).args, ['echo ran'], what);
  }
  t.same(value(system), new PickleGlobal('posix', 'system'));
  t.equal((value(p.global('__builtin__', 'eval')) as PickleGlobal).name, 'builtins.eval', 'the name of Python 3');
  t.ok(value([0x82, 1]) instanceof PickleGlobal, 'EXT1');

  const built = object(p.build(p.reduce(system, args), p.dict([p.text('__setstate__'), p.int(1)])));
  t.same(built.state, new Map([['__setstate__', 1]]));
  t.same(object([...p.reduce(system, args), ...p.int(7), 0x61]).items, [7]);
  t.same(object([...p.reduce(system, args), ...p.items([[p.text('a'), p.int(7)]])]).entries, new Map([['a', 7]]));
  t.equal((object(p.reduce(p.reduce(system, args), args)).callee as PickleObject).name, 'posix.system', 'a call of what was called');
  t.same(object([0x8f, 0x28, ...p.int(1), ...p.int(2), 0x90]).items, [1, 2], 'a set');
  t.same(object([0x28, ...p.int(1), 0x91]).args, [[1]], 'a frozenset');
  t.ok(value([0x97, 0x98]) instanceof PickleObject, 'a buffer kept outside the pickle');
});

t.test('an object may contain itself', async (t) => {
  const itself = object([...p.reduce(p.global('a', 'Node'), p.tuple()), 0x71, 0, ...p.dict([p.text('me'), [0x68, 0]]), 0x62]);
  t.equal((itself.state as Map<string, unknown>).get('me'), itself);
});

t.test('a hostile name is shown escaped and cut', async (t) => {
  const { message } = refused(p.reduce(p.global('\u001b[2J', 'x'.repeat(10_000)), p.int(1)))!;
  t.notMatch(message, '\u001b');
  t.ok(message.length < 500);
});

t.test('__proto__ is a key like any other', async (t) => {
  const map = value(p.dict([p.text('__proto__'), p.dict([p.text('polluted'), p.bool(true)])])) as Map<string, unknown>;
  t.same([...map.keys()], ['__proto__']);
  t.equal(({} as Record<string, unknown>).polluted, undefined);
});

t.test('programs that contradict themselves', async (t) => {
  const cases: [string, p.Code][] = [
    ['an empty stack', []],
    ['values left over', [...p.int(1), ...p.int(2)]],
    ['an open mark', [0x28]],
    ['a tuple without a mark', [...p.int(1), 0x74]],
    ['a pop through a mark', [...p.int(1), 0x28, 0x85, 0x74, 0x86]],
    ['a key without a value', [0x7d, 0x28, ...p.int(1), 0x75]],
    ['items of a list', [0x5d, ...p.int(1), ...p.int(2), 0x73]],
    ['an append to a dict', [0x7d, ...p.int(1), 0x61]],
    ['a value not stored', [0x68, 5]],
    ['a store from an empty stack', [0x71, 0]],
    ['arguments that are no tuple', p.reduce(p.global('math', 'sum'), p.int(1))],
    ['a global not named by text', [...p.int(1), ...p.int(2), 0x93]],
    ['text that is not UTF-8', [0x8c, 1, 0xff]],
    ['a call of text', p.reduce(p.text('os.system'), p.tuple())],
    ['a byte that is not an opcode', [0xff]],
  ];
  for (const [what, code] of cases) t.match(refused(code), { code: 'ERR_CORRUPT' }, what);
  t.match(
    refusal((b) => unpickle(new ByteReader(b, 'x'), 'x'), p.pickle(p.persistent(p.int(1)))),
    { code: 'ERR_CORRUPT' },
  );
});

t.test('protocols that are not known', async (t) => {
  for (let protocol = 0; protocol <= 5; protocol++) t.equal(read(Uint8Array.of(0x80, protocol, 0x4e, 0x2e)), null);
  t.match(refusal(read, Uint8Array.of(0x80, 6, 0x4e, 0x2e)), { code: 'ERR_FORMAT', message: /protocol is 6, expected 0 to 5/ });
});

t.test('endless programs are bounded', async (t) => {
  t.match(refusal(read, new Uint8Array(3_000_000).fill(0x28)), { code: 'ERR_FORMAT', message: /more than 2000000 objects/ });
  t.match(refusal(read, new Uint8Array(3_000_000).fill(0x29)), { code: 'ERR_FORMAT', message: /more than 2000000 objects/ });
  t.match(refusal(read, new Uint8Array(6_000_000).fill(0x4e)), { code: 'ERR_FORMAT', message: /more than 5000000 opcodes/ });
});

t.test('damage', async (t) => {
  const bytes = p.pickle(
    p.dict(
      [p.text('w'), p.reduce(p.global('math', 'sum'), p.tuple(p.int(1), p.int(1000), p.float(2)))],
      [p.text('v'), p.list(p.long(1, 2, 3), p.none, p.persistent(p.tuple(p.text('storage'), p.global('a', 'b'))))],
    ),
  );
  t.same(unnoticedTruncations(read, bytes), []);
  survivesCorruption(read, bytes, 3000);
});
