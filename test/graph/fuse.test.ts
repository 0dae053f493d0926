// Which nodes become one, and which must not.
import t from 'tap';
import { layers, models } from '../../dist';
import { fuse, trace } from '../../dist/graph';

const { AdderConv2d, BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, Relu, Residual, Sequential, SymmetricPad2d, WinogradAdderConv2d } =
  layers;

/** The nodes in short: C conv2d, c centered, p padded symmetrically, S symmetricPad, N normalize, P pool, R activate, A add; b bias, s scale, + residual, r activation. */
function fused(network: layers.Layer, input: readonly number[]): string {
  return fuse(trace(network, input))
    .nodes.map((node) => {
      if (node.op !== 'conv2d' && node.op !== 'normalize') return { add: 'A', pool: 'P', activate: 'R', symmetricPad: 'S' }[node.op];
      const start =
        node.op === 'normalize'
          ? 'N'
          : `C${node.isSymmetric ? 'p' : ''}${node.isCentered ? 'c' : ''}${node.bias ? 'b' : ''}${node.scale ? 's' : ''}`;
      return start + (node.residual ? '+' : '') + (node.activation ? 'r' : '');
    })
    .join(' ');
}

const conv = () => new AdderConv2d(4, 4, { kernel: 1 });
const norm = () => new BatchNorm(4);
const input = [3, 3, 4];

t.test('what follows a convolution becomes part of it', async (t) => {
  t.equal(fused(new Sequential([conv(), norm()]), input), 'Cbs');
  t.equal(fused(new Sequential([conv(), norm(), new Relu()]), input), 'Cbsr');
  t.equal(fused(new Sequential([conv(), new Relu()]), input), 'Cr');
  t.equal(fused(new Residual(new Sequential([conv(), norm()])), input), 'Cbs+r');
  t.equal(fused(new Residual(new Sequential([conv(), norm()]), new Sequential([conv(), norm()])), input), 'Cbs Cbs+r', 'shortcut first');
  t.equal(fused(new Residual(new Sequential([new Relu()]), conv(), { relu: false }), input), 'R C+', 'into the shortcut');
  t.equal(fused(new Sequential([new Conv2d(4, 4, { kernel: 1, bias: true })]), input), 'Cb');
});

t.test('a centered convolution too, and the padding of even windows before it', async (t) => {
  const even = () => [new SymmetricPad2d(), new AdderConv2d(4, 4, { kernel: 2, center: true, bias: true })];
  t.equal(fused(new Sequential([...even(), norm(), new Relu()]), input), 'Cpcbsr');
  t.equal(fused(new Residual(new Sequential([...even(), norm()])), input), 'Cpcbs+r');
  t.equal(fused(new Sequential([new SymmetricPad2d(), norm()]), input), 'S N');
  t.equal(fused(new Sequential([new SymmetricPad2d(), new Conv2d(4, 4, { kernel: 2 })]), input), 'S C', 'of adders alone');
  t.equal(fused(new Sequential([new SymmetricPad2d(), new AdderConv2d(4, 4, { kernel: 2, stride: 2 })]), input), 'Cp', 'at any stride');
  t.equal(fused(new Sequential([new SymmetricPad2d(), new AdderConv2d(4, 4, { kernel: 2, dilation: 2 })]), input), 'S C', 'not dilated');
  const read = new Sequential([new SymmetricPad2d(), new Residual(new Sequential([new AdderConv2d(4, 4, { kernel: 1 })]))]);
  t.equal(fused(read, input), 'S C+r', 'not where something else reads what is padded');
});

t.test('Winograd layers as well, whose filters begin with the positions of a tile', async (t) => {
  const winograd = () => new WinogradAdderConv2d(4, 6, { padding: 1 });
  t.equal(fused(new Sequential([winograd(), new BatchNorm(6), new Relu()]), input), 'Cbsr');
  t.equal(fused(new Sequential([winograd(), new Flatten(), new BatchNorm(54)]), input), 'C N');
  const block = new Sequential([new WinogradAdderConv2d(4, 4, { padding: 1, bias: true }), norm()]);
  t.equal(fused(new Residual(block), input), 'Cbs+r');
});

t.test('and of a batch norm', async (t) => {
  t.equal(fused(new Sequential([new Relu(), norm(), new Relu()]), input), 'R Nr');
  t.equal(fused(new Residual(new Sequential([new GlobalAveragePool2d(), norm()])), [1, 1, 4]), 'P N+r');
});

t.test('but not out of order', async (t) => {
  t.equal(fused(new Sequential([conv(), new Relu(), norm()]), input), 'Cr N');
  t.equal(fused(new Sequential([conv(), norm(), norm()]), input), 'Cbs N');
  t.equal(fused(new Sequential([conv(), new Flatten(), new BatchNorm(36)]), input), 'C N', 'channels of a flattened image');
  t.equal(fused(new Sequential([new Residual(new Sequential([conv()]), undefined, { relu: false }), norm()]), input), 'C+ N');
});

t.test('nor where another node reads the value between', async (t) => {
  const preactivated = new Sequential([conv(), new Residual(new Sequential([norm(), new Relu(), conv()]))]);
  t.equal(fused(preactivated, input), 'C Nr C+r');
  t.equal(fused(new Sequential([conv(), new Residual(new Sequential([]))]), input), 'C A R', 'both addends are one value');
});

t.test('a network is its convolutions and pools', async (t) => {
  for (const [name, convolutions] of Object.entries({ resnet20: 22, resnet50: 54 })) {
    const model = models.createModel(name, { seed: null });
    const nodes = fused(model, model.inputShape).split(' ');
    t.equal(nodes.filter((node) => node.startsWith('C')).length, convolutions, name);
    t.notOk(
      nodes.some((node) => /^[NRA]/.test(node)),
      `${name}: nothing else is left`,
    );
  }
});
