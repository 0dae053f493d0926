import { buffer } from 'node:stream/consumers';
import { setThreads } from '../cpu';
import { checkColorName } from '../data/image';
import { AdderNetError } from '../errors';
import { percent } from '../paper/page/table';
import { type Classification, compile, type InferenceSession } from '../session';
import { type NetworkArguments, openNetwork } from './open-network';
import { withFlags } from './option-rules';
import { printError, printJson, printText } from './terminal';
import { columnsOf, table, wrap } from './text-layout';

interface PredictArguments extends NetworkArguments {
  top: number;
  maxPixels?: number;
  background?: string;
  invert?: boolean;
  threads?: number;
  json?: boolean;
}

/** The classes of an image, or why it could not be read. */
type Prediction = { readonly image: string } & ({ readonly classes: Classification[] } | { readonly error: string });

export async function predict(images: string[], args: PredictArguments): Promise<void> {
  if (images.filter((image) => image === '-').length > 1)
    throw new AdderNetError('ERR_ARGUMENT', 'predict: - is given more than once, but standard input holds one image');
  if (args.threads !== undefined) setThreads(args.threads);
  if (args.background !== undefined) checkColorName(args.background);
  const session = await compile(await openNetwork(args));
  const predictions: Prediction[] = [];
  for (const image of images) {
    const prediction = await predictionOf(session, image, args);
    predictions.push(prediction);
    if ('error' in prediction) {
      printError(`addernet: ${prediction.error}`);
      process.exitCode = 1;
    } else if (!args.json) printText(shown(prediction.image, prediction.classes, columnsOf(process.stdout)));
  }
  if (args.json) printJson({ predictions });
}

async function predictionOf(
  session: InferenceSession,
  image: string,
  { top, maxPixels, background, invert }: PredictArguments,
): Promise<Prediction> {
  try {
    const source = image === '-' ? await standardInput() : image;
    return { image, classes: await session.classify(source, { top, maxPixels, background, invert }) };
  } catch (error) {
    // Without the package that decodes images, no other image can be read either.
    if (!(error instanceof AdderNetError) || error.code.startsWith('ERR_PEER')) throw error;
    const message = withFlags(error.message, ['maxPixels']);
    return { image, error: image === '-' ? `standard input: ${message}` : message };
  }
}

async function standardInput(): Promise<Uint8Array> {
  if (process.stdin.isTTY)
    throw new AdderNetError('ERR_ARGUMENT', 'it is a terminal, expected the bytes of an image, as in addernet predict … - < image.png');
  const bytes = await buffer(process.stdin);
  if (bytes.length === 0) throw new AdderNetError('ERR_ARGUMENT', 'it is empty, expected the bytes of an image');
  return bytes;
}

/** The name of the image and a line for each class. */
export function shown(image: string, classes: readonly Classification[], columns: number): string {
  const rows = classes.map(({ name, probability }) => [name, percent(probability)]);
  return `${wrap(image, columns)}\n${table({ rows, isNumber: [false, true], indent: '  ' }, columns)}`;
}
