// From a graph to the native plan that runs it.
import { type NativePlan, native, rethrow } from '../binding';
import type { Graph, GraphNode, Value } from '../graph';
import { geometryOf } from '../graph/geometry';
import type { QuantizedDType } from '../ops';
import { elementCount } from '../shape';

/** Gives the number that a value has in the plan. */
type NumberOf = (value: Value) => number;

/** Builds the plan of a graph; weights are copied and packed. Throws what compile throws. */
export function emit({ nodes, inputs, outputs }: Graph, threads: number | undefined): NativePlan {
  const [input, output] = [inputs[0]!, outputs[0]!];
  return rethrow(() => {
    const plan = new (native().Plan)(elementCount(input.shape), threads);
    const numbers = new Map([[input.id, 0]]);
    const numberOf: NumberOf = ({ id }) => numbers.get(id)!;
    for (const node of nodes) numbers.set(node.output.id, emitNode(plan, node, numberOf));
    plan.finish(numberOf(output));
    return plan;
  });
}

function emitNode(plan: NativePlan, node: GraphNode, numberOf: NumberOf): number {
  if (node.op === 'add') return plan.add({ a: numberOf(node.a), b: numberOf(node.b) });
  const x = numberOf(node.x);
  if (node.op === 'quantize') {
    const { scale, zeroPoint, qmin = 0, qmax } = node;
    return plan.quantize({ x, output: node.output.dtype as QuantizedDType, scale, zeroPoint, qmin, qmax });
  }
  if (node.op === 'activate') return plan.activate({ x, activation: node.activation });
  if (node.op === 'symmetricPad') {
    const [height, width, channels] = node.x.shape as [number, number, number];
    return plan.symmetricPad({ x, height, width, channels });
  }
  if (node.op === 'pool') return plan.pool({ x, mode: node.mode, geometry: geometryOf(node).packed });
  const { activation } = node;
  const residual = node.residual && numberOf(node.residual);
  if (node.op === 'normalize')
    return plan.normalize({ x, mean: node.mean.data, scale: node.scale.data, shift: node.shift.data, residual, activation });
  const geometry = geometryOf(node).packed;
  if (node.op === 'conv2d') {
    const { kind, isCentered, isSymmetric, filters, bias, scale, shift } = node;
    const arrays = { filters: filters.data, bias: bias?.data, scale: scale?.data, shift: shift?.data };
    return plan.conv2d({ kind, isCentered, isSymmetric, x, ...arrays, residual, activation, geometry });
  }
  const {
    kind,
    isCentered,
    isSymmetric,
    filters,
    padValue,
    offsets,
    shifts,
    constants,
    scale,
    shift,
    residualScale,
    qmin = 0,
    qmax,
  } = node;
  const winograd = { offsets: offsets?.data, shifts: shifts?.data, constants: constants?.data };
  const arrays = { filters: filters.data, ...winograd, scale: scale.data, shift: shift.data };
  return plan.quantizedConv2d({
    ...{ kind, isCentered, isSymmetric, x, ...arrays, padValue, residual, residualScale },
    ...{ output: node.output.dtype, qmin, qmax, activation, geometry },
  });
}
