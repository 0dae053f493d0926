import { setThreads } from '../cpu';
import { readImageFile } from '../data/image-file';
import { normalize } from '../data/normalize';

import { compiled, loadNetwork } from './network';

interface PredictArguments {
  weights: string;
  model?: string;
  top: number;
  threads?: number;
  json?: boolean;
}

interface Prediction {
  image: string;
  classes: { class: number; name: string; probability: number }[];
}

export async function predict(images: string[], { weights, model: name, top, threads, json }: PredictArguments): Promise<void> {
  if (threads !== undefined) setThreads(threads);
  const model = await loadNetwork(weights, { model: name });
  const network = await compiled(model);
  const { mean, std } = model.normalization;
  const predictions: Prediction[] = [];
  for (const image of images) {
    const pixels = await readImageFile(image, model.inputShape);
    const probabilities = softmax(network.forward(normalize(pixels, mean, std)).data);
    const classes = Array.from(probabilities, (probability, i) => ({ class: i, name: model.classNames?.[i] ?? `class ${i}`, probability }));
    predictions.push({ image, classes: classes.sort((a, b) => b.probability - a.probability).slice(0, top) });
  }
  if (json) console.log(JSON.stringify({ predictions }));
  else console.log(predictions.map(table).join('\n'));
}

function table({ image, classes }: Prediction): string {
  const width = Math.max(...classes.map(({ name }) => name.length));
  const lines = classes.map(({ name, probability }) => `  ${name.padEnd(width)}  ${(100 * probability).toFixed(2).padStart(6)} %`);
  return [image, ...lines].join('\n');
}

/** exp(x - max) / sum: taking the largest off first keeps exp within its range. */
function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((e) => e / sum);
}
