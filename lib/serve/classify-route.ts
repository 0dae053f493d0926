// Pictures: the bytes of a file, or pixels, in; classes with names and probabilities out.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { defaultBackground } from '../data/background';
import { readImage } from '../data/image';
import { classification } from '../session/classification';
import type { Tensor } from '../tensor';
import { answer, findModel, modelPaths } from './asked-model';
import { pixelInput } from './input-tensor';
import type { ServedModel } from './model-store';
import { Refusal } from './refusal';
import type { Service } from './service';

export function addClassifyRoute(app: FastifyInstance, { store, options }: Service): void {
  for (const path of modelPaths('/classify'))
    app.post(path, { config: { inference: 'classify' }, onRequest: findModel(store) }, async (request, reply) => {
      const model = request.served!;
      const query = queryOf(request);
      const body = (request.body ?? Buffer.alloc(0)) as Buffer;
      const x = await networkInput(model, body, query, options.maxPixels);
      const y = await answer(x, request, reply, options.timeout);
      const { name, version, metadata } = model;
      return { model_name: name, model_version: version, classes: classification(y.data, metadata, query.top ?? 5) };
    });
}

interface Query {
  /** Of pixels; a file tells its own. */
  width?: number;
  height?: number;
  /** How many classes to name. */
  top?: number;
}

/** @throws {Refusal} 400 at anything else */
function queryOf(request: FastifyRequest): Query {
  const entries = Object.entries(request.query as Record<string, unknown>).map(([name, text]) => {
    const value = Number(text);
    if (!['width', 'height', 'top'].includes(name))
      throw new Refusal(400, `there is no parameter '${name}', expected width, height or top`);
    if (!Number.isSafeInteger(value) || value < 1) throw new Refusal(400, `${name} is '${text}', expected a number of at least 1`);
    return [name, value];
  });
  return Object.fromEntries(entries);
}

async function networkInput({ metadata }: ServedModel, body: Buffer, { width, height }: Query, maxPixels: number): Promise<Tensor> {
  if (body.length === 0) throw new Refusal(400, 'the body is empty, expected a picture: a file, or pixels with width and height');
  const { inputShape } = metadata;
  const isFile = width === undefined && height === undefined;
  if (!isFile && (width ?? 1) * (height ?? 1) > maxPixels) throw new Refusal(400, `the picture has more than ${maxPixels} pixels`);
  const source = isFile ? body : { data: body, width: width!, height: height! };
  const image = await readImage(source, inputShape, { maxPixels, background: defaultBackground(metadata.normalization) });
  return pixelInput(image.data, image.shape, metadata);
}
