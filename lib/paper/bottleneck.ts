// LeNet-5-BN with a bottleneck of two features, so that an image can be drawn as a point.
import { BatchNorm, Sequential } from '../layers';
import { createModel, Model, type NetworkKind } from '../models';
import { lenet5bn } from '../models/lenet5-bn';
import { innerConv2d } from '../models/network-parts';
import { Random } from '../random';

/** `body` gives two features [n,1,1,2] after batch norm, without ReLU; it shares its layers with `model`, which classifies by them. */
export function bottleneckLenet(kind: NetworkKind, seed: number): { model: Model; body: Sequential } {
  const { metadata, inputShape } = createModel('lenet5bn', { kind, seed: null });
  const spec = { kind, classes: metadata.classes, inputShape, random: new Random(seed) };
  const { conv4: _, bn4, relu4, fc, bn5, flatten, ...convolutions } = lenet5bn(spec);
  const body = { ...convolutions, conv4: innerConv2d(spec, 120, 2, { kernel: 1 }), bn4: new BatchNorm(2) };
  const head = { fc: innerConv2d(spec, 2, spec.classes, { kernel: 1 }), bn5: new BatchNorm(spec.classes), flatten: flatten! };
  return { model: new Model({ ...body, ...head }, metadata), body: new Sequential(body) };
}
