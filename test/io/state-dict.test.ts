// Which values of a pickle are taken for the weights of the network.
import t from 'tap';
import { parsePytorch } from '../../dist/io/pytorch';
import { refusal } from '../support/damage';
import * as p from '../support/pickle-bytes';
import { orderedDict, stateDict, storage, storageId, tensor, zipFile } from '../support/pytorch-bytes';

const floats = storage('0', 'FloatStorage', Float32Array.of(1, 2, 3, 4, 5, 6));
const w = tensor(storageId(floats), 0, [6], [1]);
const small = tensor(storageId(floats), 0, [1], [1]);
const state = stateDict(['fc.weight', w], ['fc.bias', w]);
const entries = (values: Record<string, p.Code>): p.Code => p.dict(...Object.entries(values).map(([k, v]) => [p.text(k), v] as const));
const adam = entries({ state: p.dict([p.int(0), entries({ exp_avg: w, exp_avg_sq: w, step: small })]), param_groups: p.list() });
const object = (name: string, attributes: Record<string, p.Code>, ...args: p.Code[]): p.Code =>
  p.build(p.reduce(p.global('mine', name), p.tuple(...args)), entries(attributes));
const layer = (parameters: p.Code, modules: p.Code = p.dict(), more: Record<string, p.Code> = {}): p.Code =>
  object('Module', { training: p.bool(true), _parameters: parameters, _buffers: p.dict(), ...more, _modules: modules });

const read = (code: p.Code) => [...parsePytorch(zipFile(code, [floats])).tensors].map(([name, { size }]) => `${name} ${size}`);
const refused = (code: p.Code) => refusal((bytes) => parsePytorch(bytes, 'w.pth'), zipFile(code, [floats]));
const expected = ['fc.weight 6', 'fc.bias 6'];

t.test('the keys under which weights are kept, the likeliest first', async (t) => {
  const keys = ['state_dict', 'model_state_dict', 'model', 'net', 'network', 'params', 'weights', 'module', 'generator', 'state'];
  const less = stateDict(['other.weight', small], ['other.bias', small], ['other.more', small]);
  for (const [i, key] of keys.entries()) {
    t.same(read(entries({ ...(keys[i + 1] && { [keys[i + 1]!]: less }), [key]: state, epoch: p.int(3), optimizer: adam })), expected, key);
    t.same(read(entries({ ema: less, [key]: state })), expected, `${key} and averages`);
    t.same(read(entries({ [key]: stateDict(['weight', w]) })), ['weight 6'], 'a layer alone');
  }
  for (const key of ['ema', 'model_ema', 'params_ema', 'ema_state_dict', 'state_dict_ema', 'swa_model']) {
    t.same(read(entries({ [key]: state, epoch: p.int(3) })), expected, key);
    t.same(read(entries({ [key]: stateDict(['weight', w]) })), ['weight 6'], key);
  }
  t.same(read(entries({ model: p.text('resnet20'), net: entries({ lr: p.float(0.1) }), mine: state })), expected, 'keys without tensors');
  t.same(read(entries({ model: entries({ state_dict: state, lr: p.int(1) }) })), expected, 'one in the other');
});

t.test('under keys of other names, the most tensors', async (t) => {
  const more = stateDict(['a.weight', w], ['b.weight', w], ['c.weight', w]);
  t.same(read(entries({ mine: state, epoch: small })), expected);
  t.same(read(entries({ small: stateDict(['a.weight', w]), mine: state })), expected);
  t.same(read(entries({ my_ema: more, mine: state })), expected, 'averages last');
  t.same(read(entries({ optimizer: more, my_scheduler: more, mine: state })), expected, 'no optimizers');
  t.same(read(entries({ adam, mine: state })), expected, 'the state of an optimizer, by its form');
  t.same(read(object('Trainer', { epoch: p.int(3), best: state })), expected, 'an attribute');
});

t.test('a state dict is one, whatever it holds beside tensors', async (t) => {
  const beside = stateDict(['fc.weight', w], ['model', state], ['epoch', p.int(3)], ['fc.bias', w]);
  t.same(read(beside), ['fc.weight 6', 'model.fc.weight 6', 'model.fc.bias 6', 'fc.bias 6']);
  t.same(read(entries({ fc: entries({ weight: w, bias: w }), adam, optimizer: entries({ x: w }) })), expected, 'a dict for each layer');
  t.same(read(entries({ '0': p.dict([p.int(1), w]), fc: w })), ['0.1 6', 'fc 6']);
  t.same(read(p.dict([p.tuple(p.int(1)), w], [[0x43, 1, 0x61], w])), ['a 6'], 'names that are no text, and bytes');
  t.same(read(stateDict(['__proto__', w])), ['__proto__ 6']);
  t.match(refused(entries({ a: entries({ b: w }), 'a.b': w })), { code: 'ERR_FORMAT', message: /two tensors are named "a\.b"/ });
  t.match(refused(entries({ ['x'.repeat(5000)]: w })), { code: 'ERR_FORMAT', message: /longer than 4096/ });
});

t.test('dicts of other classes', async (t) => {
  const items = p.items([
    [p.text('fc.weight'), w],
    [p.text('fc.bias'), w],
  ]);
  const pair = (name: string) => p.list(p.text(name), w);
  const copied = p.global('copy_reg', '_reconstructor');
  t.same(read([...p.reduce(p.global('collections', 'defaultdict'), p.tuple(p.global('builtins', 'list'))), ...items]), expected);
  t.same(read([...p.global('mine', 'Attributes'), ...p.tuple(), 0x81, ...items]), expected);
  t.same(read(p.reduce(p.global('collections', 'OrderedDict'), p.tuple(p.list(pair('fc.weight'), pair('fc.bias'))))), expected, 'Python 2');
  const dict = entries({ 'fc.weight': w, 'fc.bias': w });
  t.same(read(p.reduce(copied, p.tuple(p.global('mine', 'Attributes'), p.global('__builtin__', 'dict'), dict))), expected, 'protocol 0');
});

t.test('lists: the first with weights', async (t) => {
  t.same(read(p.tuple(p.int(3), adam, state, stateDict(['x.y', w]))), expected);
  t.same(read(p.list(p.list(state))), expected);
  t.match(refused(p.list(w, w)), { code: 'ERR_FORMAT', message: /a list of 2 tensors without names/ });
});

t.test('modules: parameters, buffers that are saved, modules', async (t) => {
  const set = p.reduce(p.global('builtins', 'set'), p.tuple(p.list(p.text('mask'))));
  const fc = layer(entries({ weight: w, bias: p.none }), p.dict(), {
    _buffers: entries({ mask: w, mean: small }),
    _non_persistent_buffers_set: set,
    parent: w,
  });
  t.same(read(layer(p.dict(), entries({ fc, relu: p.none }))), ['fc.weight 6', 'fc.mean 1']);
  t.same(read(entries({ net: layer(p.dict(), entries({ fc })), loss: layer(p.dict()) })), ['fc.weight 6', 'fc.mean 1']);
  const traced = p.reduce(
    p.global('torch.fx.graph_module', 'reduce_graph_module'),
    p.tuple(entries({ _parameters: entries({ a: w }), _modules: p.dict() })),
  );
  t.same(read(traced), ['a 6']);
  const slots = p.build(
    p.reduce(p.global('mine', 'Net'), p.tuple()),
    p.tuple(entries({ _parameters: entries({ a: w }), _modules: p.dict() }), p.none),
  );
  t.same(read(slots), ['a 6']);
});

t.test('values inside themselves', async (t) => {
  const [store, recall]: [p.Code, p.Code] = [
    [0x71, 9],
    [0x68, 9],
  ];
  const itself = (start: p.Code, key: string): p.Code => [
    ...start,
    ...store,
    ...p.items([
      [p.text('a.w'), w],
      [p.text(key), recall],
    ]),
  ];
  for (const key of ['model', 'a', 'state_dict']) {
    t.same(read(itself([0x7d], key)), ['a.w 6']);
    t.same(read(itself(orderedDict, key)), ['a.w 6']);
  }
  t.match(refused([0x7d, ...store, ...p.items([[p.text('model'), recall]])]), { code: 'ERR_FORMAT', message: /no named tensors/ });
  t.match(refused([0x5d, ...store, ...recall, 0x61]), { code: 'ERR_FORMAT', message: /no named tensors/ });
  // a module that is a module of itself
  const net: p.Code = [...p.reduce(p.global('mine', 'Net'), p.tuple()), ...store];
  t.same(read(p.build(net, entries({ _parameters: entries({ a: w }), _modules: entries({ me: recall }) }))), ['a 6']);
});

t.test('values without end', async (t) => {
  // Each dict holds the one before twice: 2^40 paths to a tensor, or to none.
  const doubled = (inner: p.Code): p.Code => {
    let dict = inner;
    for (let i = 0; i < 40; i++)
      dict = [
        0x7d,
        ...p.items([
          [p.text('a'), [...dict, 0x71, i]],
          [p.text('b'), [0x68, i]],
        ]),
      ];
    return dict;
  };
  t.match(refused(doubled(entries({ w }))), { code: 'ERR_FORMAT', message: /more than 200000 tensors/ });
  t.match(refused(doubled(p.dict())), { code: 'ERR_FORMAT', message: /endlessly/ });

  const nested = (depth: number, inner: p.Code): p.Code => [
    ...Array.from({ length: depth }, () => [0x7d, ...p.text('a')]).flat(),
    ...inner,
    ...Array(depth).fill(0x73),
  ];
  t.same(read(nested(20, w)), [`${'a.'.repeat(19)}a 6`]);
  t.match(refused(nested(1000, w)), { code: 'ERR_FORMAT', message: /nested more than 64 deep/ });
  t.match(refused(nested(100_000, w)), { code: 'ERR_FORMAT', message: /nested more than 64 deep/ });
  // The same list of a million pairs in a hundred thousand dicts
  const list: p.Code = [0x5d, 0x71, 0, 0x28, ...Array(1_000_000).fill(0x4e), 0x65];
  const dicts = Array.from({ length: 30_000 }, () => [...p.reduce(p.global('collections', 'OrderedDict'), [0x68, 0, 0x85])]);
  t.match(refused(p.tuple(list, ...dicts)), { code: 'ERR_FORMAT', message: /endlessly/ });
});

t.test('which of several networks was taken is said', async (t) => {
  const notes = (code: p.Code) => parsePytorch(zipFile(code, [floats]), 'w.pth').notes!;
  const less = stateDict(['fc.weight', w]);
  t.same(notes(state), []);
  t.same(notes(entries({ model: state, epoch: small, optimizer: adam })), [], 'what is no network is not spoken of');
  for (const [code, said] of [
    [entries({ model: state, ema: state }), /at "model" were taken; there are also tensors at "ema"/],
    [entries({ generator: state, discriminator: less }), /at "generator" .* at "discriminator"/],
    [entries({ teacher: state, student: less }), /at "teacher" .* at "student"/],
    [entries({ checkpoint: entries({ net: state, old: less }), my_ema: less }), /at "checkpoint\.net" .* at "checkpoint\.old", "my_ema"/],
    [p.list(less, state), /at "1" .* at "0"/],
    [entries({ model: state, 'class.weights': w }), /at "model" .* at "class\.weights"/],
    [entries({ fc: less, conv: entries({ weight: w }) }), /at "fc" .* at "conv"/],
  ] as const) {
    t.match(notes(code), [said]);
    t.equal(notes(code).length, 1);
  }
});

t.test('networks of equal standing and size are refused, and chosen by a key', async (t) => {
  const [one, other] = [stateDict(['a.weight', w]), stateDict(['b.weight', w])];
  const at = (code: p.Code, key: string) => [...parsePytorch(zipFile(code, [floats]), 'w.pth', key).tensors.keys()];
  for (const [code, first, second] of [
    [entries({ teacher: one, student: other }), 'teacher', 'student'],
    [entries({ best_state: one, last_state: other, epoch: p.int(1) }), 'best_state', 'last_state'],
    [p.list(one, other), '0', '1'],
    [entries({ ema: one, swa: other }), 'ema', 'swa'],
    [entries({ model: entries({ 'net.a': one, b: other }) }), 'model.net.a', 'model.b'],
  ] as const) {
    t.match(refused(code), { code: 'ERR_FORMAT', message: new RegExp(`w.pth: .* at "${first}", "${second}": choose with \\{ key \\}`) });
    t.same([at(code, first), at(code, second)], [['a.weight'], ['b.weight']]);
  }
  const code = entries({ model: one, 'ema.model': other, epoch: p.int(3) });
  t.same(at(code, 'ema.model'), ['b.weight']);
  t.same(at(entries({ last: code }), 'last'), ['a.weight'], 'a checkpoint inside');
  const refusedAt = (key: string) => refusal((bytes) => parsePytorch(bytes, 'w.pth', key), zipFile(code, [floats]));
  for (const key of ['epoch', 'nothing', '', 'model.x', 'constructor'])
    t.match(refusedAt(key), { code: 'ERR_ARGUMENT', message: /no weights at key ".*", expected "model", "ema\.model" or/ });
});

t.test('a dict with tensors of its own, and dicts of tensors, is one network', async (t) => {
  t.same(read(entries({ weight: w, bias: small, fc: state })), ['weight 6', 'bias 1', 'fc.fc.weight 6', 'fc.fc.bias 6']);
  t.same(read(entries({ weight: w, net: entries({ bias: w }) })), ['weight 6', 'net.bias 6'], 'net may be a layer');
  t.same(read(entries({ model: state, 'cuda.rng': w })), expected, 'a known key goes before loose tensors');
  t.same(read(entries({ mine: state, 'cuda.rng': w })), expected, 'and what is of the training is none');
});
