import t from 'tap';
import { ByteReader } from '../../../dist/io/byte-reader';
import { type PickleOptions, unpickle } from '../../../dist/io/pickle';
import { refusal, survivesCorruption, unnoticedTruncations } from './damage';
import * as p from './pickle-bytes';

const sum = (args: readonly unknown[]) => (args as number[]).reduce((a, b) => a + b, 0);
const options: PickleOptions = {
  globals: new Map([
    ['math.sum', sum],
    ['math.mention', null],
  ]),
  loadPersistent: (id) => ({ id }),
};
const read = (bytes: Uint8Array) => unpickle(new ByteReader(bytes, 'x.pkl'), 'x.pkl', options);
const value = (code: p.Code) => read(p.pickle(code));
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
  t.equal(value([0x55, 1, 0x61]), 'a');
  t.equal(value([0x54, 1, 0, 0, 0, 0x61]), 'a');
  t.same([value(p.none), value(p.bool(true)), value(p.bool(false))], [null, true, false]);
});

t.test('containers, the memo and calls', async (t) => {
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
  t.equal(value(p.reduce(p.global('math', 'sum'), p.tuple(p.int(1), p.int(2)))), 3);
  t.equal(value(p.reduce([...p.text('math'), ...p.text('sum'), 0x93], p.tuple())), 0);
  t.same(value(p.persistent(p.text('7'))), { id: '7' });
  t.same(value(p.build(p.dict(), p.dict([p.text('_metadata'), p.none]))), new Map());
});

t.test('a frame of protocol 4 is passed over', async (t) => {
  t.equal(read(Uint8Array.from([0x80, 4, 0x95, 3, 0, 0, 0, 0, 0, 0, 0, ...p.int(5), 0x2e])), 5);
});

t.test('it stops at STOP, where the next pickle begins', async (t) => {
  const reader = new ByteReader(Buffer.concat([p.pickle(p.int(1)), p.pickle(p.int(2))]), 'x.pkl');
  t.same([unpickle(reader, 'x.pkl'), unpickle(reader, 'x.pkl'), reader.remaining], [1, 2, 0]);
});

t.test('nothing can be run', async (t) => {
  const command = p.tuple(p.text('echo ran'));
  const attacks: [string, p.Code, RegExp][] = [
    ['os.system by REDUCE', p.reduce(p.global('os', 'system'), command), /"os\.system"/],
    ['posix.system by REDUCE', p.reduce(p.global('posix', 'system'), command), /"posix\.system"/],
    ['builtins.eval', p.reduce(p.global('builtins', 'eval'), command), /"builtins\.eval"/],
    ['__builtin__.eval of Python 2', p.reduce(p.global('__builtin__', 'eval'), command), /"__builtin__\.eval"/],
    ['STACK_GLOBAL', p.reduce([...p.text('os'), ...p.text('system'), 0x93], command), /"os\.system"/],
    ['state of an object by BUILD', p.build(p.global('subprocess', 'Popen'), p.dict()), /"subprocess\.Popen"/],
    ['state of a permitted name', p.build(p.global('math', 'sum'), p.dict([p.text('__setstate__'), p.none])), /state of "math\.sum"/],
    ['NEWOBJ', [...p.global('os', '_wrap_close'), ...command, 0x81], /"os\._wrap_close"/],
    ['NEWOBJ of a permitted name', [...p.global('math', 'sum'), ...command, 0x81], /instance of "math\.sum"/],
    ['NEWOBJ_EX', [...p.global('math', 'sum'), ...command, ...p.dict(), 0x92], /instance of "math\.sum"/],
    ['OBJ', [0x28, ...p.global('math', 'sum'), ...p.text('echo'), 0x6f], /instance of "math\.sum"/],
    ['INST', [0x28, ...p.text('echo'), 0x69, ...Buffer.from('os\nsystem\n')], /"os\.system"/],
    ['extension registry', [0x82, 1], /extension registry/],
    ['a call of a name only to be mentioned', p.reduce(p.global('math', 'mention'), p.tuple()), /call "math\.mention"/],
    ['a call of text', p.reduce(p.text('os.system'), command), /call a string/],
    ['a model in place of its state dict', p.global('torch.nn.modules.conv', 'Conv2d'), /state_dict\(\)/],
    ['a longer name', p.global('math', 'sum.__globals__'), /"math\.sum\.__globals__"/],
    ['names of JavaScript', p.global('constructor', 'constructor'), /"constructor\.constructor"/],
    ['__proto__', p.global('__proto__', '__proto__'), /"__proto__\.__proto__"/],
  ];
  for (const [what, code, named] of attacks) {
    t.match(refused(code), { code: 'ERR_FORMAT', message: named }, what);
    t.match(refused(code), { message: /^x\.pkl: .*refused because it could run code/ }, what);
  }
});

t.test('a hostile name is shown escaped and cut', async (t) => {
  const { message } = refused(p.global('\u001b[2J', 'x'.repeat(10_000)))!;
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
  ];
  for (const [what, code] of cases) t.match(refused(code), { code: 'ERR_CORRUPT' }, what);
  t.match(
    refusal((b) => unpickle(new ByteReader(b, 'x'), 'x'), p.pickle(p.persistent(p.int(1)))),
    { code: 'ERR_CORRUPT' },
  );
});

t.test('other opcodes and protocols are refused by name', async (t) => {
  t.match(refused([0x49, 0x31, 0x0a]), { code: 'ERR_FORMAT', message: /opcode 0x49 at byte 2/ });
  t.match(refusal(read, Uint8Array.of(0x80, 5, 0x4e, 0x2e)), { code: 'ERR_FORMAT', message: /protocol is 5/ });
});

t.test('an endless program is bounded', async (t) => {
  t.match(refusal(read, new Uint8Array(3_000_000).fill(0x28)), { code: 'ERR_FORMAT', message: /more than 2000000 opcodes/ });
});

t.test('damage', async (t) => {
  const bytes = p.pickle(
    p.dict(
      [p.text('w'), p.reduce(p.global('math', 'sum'), p.tuple(p.int(1), p.int(1000), p.float(2)))],
      [p.text('v'), p.list(p.long(1, 2, 3), p.none, p.persistent(p.tuple(p.text('storage'), p.global('math', 'mention'))))],
    ),
  );
  t.same(unnoticedTruncations(read, bytes), []);
  survivesCorruption(read, bytes, 3000);
});
