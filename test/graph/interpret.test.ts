// The graph of a network computes what its layers do and what its session does, and every value of it can be seen and replaced.
import t from 'tap';
import { compile, layers, Tensor } from '../../dist';
import { fuse, type GraphNode, interpret, trace, type Value, type ValueTensor } from '../../dist/graph';
import { calibrate, randomize } from '../support/random-network';
import { normal, sameBits } from '../support/tensors';

const { AdderConv2d, AveragePool2d, BatchNorm, Conv2d, Flatten, Layer, Linear, MaxPool2d, Relu, Residual, Sequential, XnorConv2d } = layers;
const { WinogradAdderConv2d } = layers;

const distance = (a: Tensor, b: Tensor): number => Math.hypot(...a.data.map((v, i) => v - b.data[i]!)) / Math.hypot(...b.data);

/** Every op and kind, each side padded otherwise. */
function network(): layers.Layer {
  const dilated = new AdderConv2d(8, 8, { kernel: 3, padding: [2, 1], dilation: [2, 1], groups: 2 });
  const sequence = [
    ...[new Conv2d(3, 8, { kernel: 3, padding: [1, 0, 2, 1], stride: [2, 1], bias: true }), new BatchNorm(8), new Relu()],
    new Residual(new Sequential([dilated, new BatchNorm(8)])),
    new Residual(new Sequential([new WinogradAdderConv2d(8, 8, { padding: [2, 1, 0, 1], bias: true }), new BatchNorm(8)])),
    ...[new MaxPool2d({ kernel: 3, stride: 2, padding: [1, 1, 0, 1] }), new BatchNorm(8)],
    ...[new XnorConv2d(8, 6, { kernel: 1 }), new BatchNorm(6), new AveragePool2d({ kernel: 2, padding: [0, 1, 0, 0] })],
    ...[new Residual(new Sequential([])), new Flatten(), new BatchNorm(12), new Linear(12, 5)],
  ];
  return calibrate(randomize(new Sequential(sequence), 1), normal([16, 9, 7, 3], 2));
}
const input = [9, 7, 3];

t.test('a graph computes what its layers do, fused or not', async (t) => {
  const model = network();
  const x = normal([3, ...input], 3);
  const expected = model.forward(x);
  const graph = trace(model, input);
  t.same(graph.outputs[0]!.shape, [5]);
  t.same(new Set(graph.nodes.map(({ op }) => op)), new Set(['conv2d', 'normalize', 'activate', 'add', 'pool']));
  t.ok(distance(interpret(graph, x), expected) < 1e-5, 'node after node');
  const fused = fuse(graph);
  t.ok(fused.nodes.length < graph.nodes.length);
  t.ok(distance(interpret(fused, x), expected) < 1e-5, 'fused');
  using session = await compile(model, { input });
  t.ok(distance(session.runSync(x), expected) < 1e-5, 'compiled');
});

t.test('an image gives the same in any batch', async (t) => {
  const graph = fuse(trace(network(), input));
  const x = normal([3, ...input], 4);
  const last = new Tensor(x.data.slice((2 * x.size) / 3), [1, ...input]);
  t.same(interpret(graph, last).data, interpret(graph, x).data.slice(10));
});

t.test('every value is seen once, and what a node reads can be replaced', async (t) => {
  const graph = fuse(trace(network(), input));
  const x = normal([2, ...input], 5);
  const seen: Value[] = [];
  const plain = interpret(graph, x, {
    onValue: (value, tensor) => {
      seen.push(value);
      t.same([tensor.size, tensor.dtype], [2 * value.shape.reduce((a, b) => a * b), value.dtype]);
    },
  });
  t.same(seen, [...graph.inputs, ...graph.nodes.map(({ output }) => output)]);

  const [, second] = graph.nodes;
  const zeros = (value: Value, tensor: ValueTensor, node: GraphNode) => (node === second ? Tensor.zeros([2, ...value.shape]) : tensor);
  const replaced = interpret(graph, x, { onRead: zeros });
  t.notSame(plain.data.slice(0, 5), plain.data.slice(5));
  t.same(replaced.data.slice(0, 5), replaced.data.slice(5), 'behind it both images are the same');
  t.ok(sameBits(interpret(graph, x, { onRead: (_, tensor) => tensor }), plain));
});

t.test('an activation has a range', async (t) => {
  class Relu6 extends Layer {
    forward(x: Tensor): Tensor {
      return new Tensor(
        x.data.map((v) => Math.min(Math.max(v, 0), 6)),
        x.shape,
      );
    }
    outputShape(shape: readonly number[]): readonly number[] {
      return shape;
    }
    override lower(builder: layers.GraphBuilder, x: layers.Value): layers.Value {
      return builder.activate(x, { min: 0, max: 6 });
    }
  }
  const model = new Sequential([new Linear(3, 40), new Relu6()]);
  const x = normal([4, 3], 6);
  for (let i = 0; i < x.size; i++) x.data[i]! *= 20;
  const graph = fuse(trace(model, [3]));
  t.equal(graph.nodes.length, 1);
  const y = interpret(graph, x);
  t.same([Math.min(...y.data), Math.max(...y.data)], [0, 6]);
  t.ok(sameBits(y, model.forward(x)));
  using session = await compile(model, { input: [3] });
  t.ok(sameBits(session.runSync(x), y));
});
