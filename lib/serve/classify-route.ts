// The classify route takes an image, as a file or as pixels, and returns classes with names and probabilities.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { defaultBackground } from '../data/background';
import { decodingCost, scalingCost } from '../data/decoding-cost';
import { type Decoding, keepNoImages, readImage } from '../data/image';
import { classification } from '../session/classification';
import type { Tensor } from '../tensor';
import { clientKey } from './client-key';
import { Decoder } from './decoder';
import { badRequest } from './http-error';
import { imageBody, notAnImage } from './image-body';
import { pixelInput } from './input-tensor';
import type { ServedModel } from './model-store';
import { valueText } from './request-json';
import { findModel, infer, modelPaths } from './route-model';
import type { Service } from './service';

export function addClassifyRoute(app: FastifyInstance, { store, options }: Service): void {
  keepNoImages();
  const decoder = new Decoder(options.maxQueue, options.maxDecoding);
  for (const path of modelPaths('/classify'))
    app.post(path, { config: { inference: 'classify' }, onRequest: findModel(store) }, async (request, reply) => {
      const model = request.servedModel!;
      const query = queryOf(request);
      const { bytes, isForm } = imageBody(request);
      const input = async (signal: AbortSignal) => {
        const { width, height } = query;
        const isFile = width === undefined || height === undefined;
        const cost = isFile ? decodingCost(bytes, options.maxPixels) : scalingCost(width * height, bytes);
        const decoding: Decoding = {
          inTurn: (decode) => decoder.decode(clientKey(request.raw.socket), cost, decode, signal),
          seconds: Math.ceil(options.timeout / 1000),
          pixels: cost.pixels,
        };
        return await networkInput(model, bytes, query, options.maxPixels, decoding).catch((error) => {
          throw isForm && error.code === 'ERR_FORMAT' ? notAnImage(error) : error;
        });
      };
      const y = await infer(input, request, reply, options.timeout);
      const { name, version, metadata } = model;
      return { model_name: name, model_version: version, classes: classification(y.data, metadata, query.top ?? 5) };
    });
}

interface Query {
  /** The size of an image that is sent as pixels. Files contain their own. */
  readonly width?: number;
  readonly height?: number;
  /** How many classes to return. */
  readonly top?: number;
  /** The CSS color behind transparent pixels. Default: what the network was trained on as background. */
  readonly background?: string;
  /** Inverts the brightness. */
  readonly invert?: boolean;
}

const count = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw badRequest(`${name} is ${valueText(text)}, expected a number of at least 1`);
  return value;
};
const flag = (name: string, text: string): boolean => {
  if (!['true', '1', 'false', '0', ''].includes(text)) throw badRequest(`${name} is ${valueText(text)}, expected true or false`);
  return text !== 'false' && text !== '0';
};
const parameters: Record<keyof Query, (name: string, text: string) => unknown> = {
  ...{ width: count, height: count, top: count, background: (_, text) => text, invert: flag },
};

/** @throws {HttpError} 400 if a parameter is unknown, repeated or invalid */
function queryOf(request: FastifyRequest): Query {
  const entries = Object.entries(request.query as Record<string, unknown>).map(([name, text]) => {
    if (!Object.hasOwn(parameters, name))
      throw badRequest(`there is no parameter ${valueText(name)}, expected ${Object.keys(parameters).join(', ')}`);
    if (typeof text !== 'string') throw badRequest(`${name} is given more than once`);
    return [name, parameters[name as keyof Query](name, text)];
  });
  return Object.fromEntries(entries);
}

async function networkInput(
  { metadata }: ServedModel,
  body: Uint8Array,
  query: Query,
  maxPixels: number,
  decoding: Decoding,
): Promise<Tensor> {
  const { inputShape, normalization } = metadata;
  const { width, height, invert = false, background = defaultBackground(normalization, invert) } = query;
  const isFile = width === undefined && height === undefined;
  if (!isFile && (width ?? 1) * (height ?? 1) > maxPixels) throw badRequest(`the image has more than ${maxPixels} pixels`);
  const source = isFile ? body : { data: body, width: width!, height: height! };
  const image = await readImage(source, inputShape, { maxPixels, background, invert }, undefined, decoding);
  return pixelInput(image.data, image.shape, metadata);
}
