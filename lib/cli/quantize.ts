import { statSync } from 'node:fs';
import { load, saveQuantized } from '../files';
import { weightsPath } from '../models/pretrained';
import { type QuantizeArguments, quantizeNetwork } from './quantize-network';

export async function quantizeCommand(
  args: QuantizeArguments & { weights: string; model?: string; out: string; json?: boolean },
): Promise<void> {
  const { weights, model: name, out, json } = args;
  const model = await load(weights, { model: name, dtype: 'f32' });
  const quantized = await quantizeNetwork(model, args);
  await saveQuantized(quantized, out);
  const bytes = statSync(out).size;
  if (json) console.log(JSON.stringify({ in: weights, out, bits: quantized.bits, bytes, metadata: quantized.metadata }));
  else
    console.log(
      `${out}: ${model.name} in ${quantized.bits} bits, ${bytes.toLocaleString('en-US')} bytes, of ${statSync(weightsPath(weights)).size.toLocaleString('en-US')}`,
    );
}
