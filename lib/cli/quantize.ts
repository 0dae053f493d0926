import { statSync } from 'node:fs';
import { save } from '../files';
import { weightsPath } from '../models/pretrained';
import { type NetworkArguments, openFloatNetwork } from './open-network';
import { checkWeightsOut } from './output-path';
import { type QuantizeArguments, quantizeNetwork } from './quantize-network';
import { printJson } from './terminal';
import { count, print } from './text-layout';

export async function quantizeCommand(args: QuantizeArguments & NetworkArguments & { out: string; json?: boolean }): Promise<void> {
  const { weights, out, json } = args;
  const input = weightsPath(weights);
  checkWeightsOut('--out', out, [input]);
  const model = await openFloatNetwork('quantize', args);
  const quantized = await quantizeNetwork(model, args);
  await save(quantized, out);
  const bytes = statSync(out).size;
  if (json) printJson({ in: weights, out, bits: quantized.bits, bytes, metadata: quantized.metadata });
  else print(`${out}: ${model.name} in ${quantized.bits} bits, ${count(bytes)} bytes, of ${count(statSync(input).size)}`);
}
