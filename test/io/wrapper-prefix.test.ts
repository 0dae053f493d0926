import t from 'tap';
import { unwrapNames } from '../../dist/io/wrapper-prefix';
import { cpuTime } from '../support/cpu-time';

const unwrapped = (...names: string[]) => unwrapNames(names).names;

t.test('what all names begin with because of wrappers is dropped, in any order of these', async (t) => {
  const wrappers = ['module.', 'model.', 'net.', 'network.', 'backbone.', '_orig_mod.', '_forward_module.'];
  for (const a of ['', ...wrappers])
    for (const b of ['', ...wrappers]) t.same(unwrapped(`${a}${b}fc.weight`, `${a}${b}fc.bias`), ['fc.weight', 'fc.bias'], `${a}${b}`);
  t.equal(unwrapNames(['module._orig_mod.model.a', 'module._orig_mod.model.b']).prefix, 'module.model.');
  t.same(unwrapNames([]), { names: [], prefix: '' });
});

t.test('what only some begin with is a layer of the network', async (t) => {
  for (const names of [
    ['model.0.weight', 'fc.weight'],
    ['features.0.weight', 'features.1.weight'],
    ['models.a', 'models.b'],
    ['modulea.a', 'modulea.b'],
  ])
    t.same(unwrapNames(names), { names, prefix: '' });
});

t.test('parts that only PyTorch gives, anywhere', async (t) => {
  t.same(unwrapped('layer1._orig_mod.conv.weight', 'fc.weight'), ['layer1.conv.weight', 'fc.weight']);
  t.same(unwrapped('a._checkpoint_wrapped_module.w', '_fsdp_wrapped_module.b'), ['a.w', 'b']);
  t.same(unwrapped('my_orig_mod.w', 'b'), ['my_orig_mod.w', 'b'], 'a name that ends so');
  t.same(unwrapped('a._orig_mod.w', 'a.w'), ['a._orig_mod.w', 'a.w'], 'not where two would be one');
});

t.test('the counter of an average is no tensor of the network', async (t) => {
  t.same(unwrapped('n_averaged', 'module.a', 'module.b'), [undefined, 'a', 'b']);
  t.same(unwrapped('module.n_averaged', 'module.module.a'), [undefined, 'a']);
  t.same(unwrapped('n_averaged', 'a'), ['n_averaged', 'a']);
});

t.test('a name of wrappers alone takes no time that grows with its square', async (t) => {
  const start = cpuTime();
  unwrapNames(['module.'.repeat(1_000_000), 'module.'.repeat(1_000_001)]);
  t.ok(cpuTime() - start < 5000);
});
