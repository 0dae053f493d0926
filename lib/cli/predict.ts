import { setThreads } from '../cpu';
import { load } from '../files';
import { type Classification, compile } from '../session';

interface PredictArguments {
  weights: string;
  model?: string;
  top: number;
  threads?: number;
  json?: boolean;
}

interface Prediction {
  image: string;
  classes: Classification[];
}

export async function predict(images: string[], { weights, model: name, top, threads, json }: PredictArguments): Promise<void> {
  if (threads !== undefined) setThreads(threads);
  const model = await load(weights, { model: name });
  const session = await compile(model);
  const predictions: Prediction[] = [];
  for (const image of images) predictions.push({ image, classes: await session.classify(image, { top }) });
  if (json) console.log(JSON.stringify({ predictions }));
  else console.log(predictions.map(table).join('\n'));
}

function table({ image, classes }: Prediction): string {
  const width = Math.max(...classes.map(({ name }) => name.length));
  const lines = classes.map(({ name, probability }) => `  ${name.padEnd(width)}  ${(100 * probability).toFixed(2).padStart(6)} %`);
  return [image, ...lines].join('\n');
}
