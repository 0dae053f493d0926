// The arguments of a training run. Its folder keeps them as JSON, which is checked before a resumed run uses it: anyone may have changed it.
import { type NetworkKind, networkKinds, unitToKind } from '../conv-kind';
import { datasetNames } from '../data/open-dataset';
import { AdderNetError } from '../errors';
import { parseJson } from '../io/json';
import type { FilterGradient } from '../layers';
import { quoted } from '../quoted';
import { check, isRecord, listOf, objectWith, oneOf, optional, type Rule, rule, text } from '../schema';
import { folderName } from './data-rules';
import * as numbers from './number-rules';
import type { DataArguments } from './open-data';

export const rates = ['adaptive', 'increased', 'plain'] as const;
export const gradients = ['full', 'sign'] as const satisfies readonly FilterGradient[];
export const schedules = ['cosine', 'constant', 'step', 'polynomial'] as const;
export const augmentations = ['auto', 'none', 'crop', 'crop+flip'] as const;

export interface TrainArguments extends DataArguments {
  model?: string;
  kind: NetworkKind;
  imageSize?: readonly [height: number, width: number];
  weights?: string;
  freeze?: string[];
  epochs: number;
  /** Default: depends on the data set. */
  batch?: number;
  lr: number;
  eta: number;
  rate: 'adaptive' | 'increased' | 'plain';
  gradient: FilterGradient;
  productEpochs?: number;
  centeredEpochs?: number;
  momentum: number;
  nesterov?: boolean;
  weightDecay: number;
  clipNorm?: number;
  schedule: 'cosine' | 'constant' | 'step' | 'polynomial';
  warmUp?: number;
  labelSmoothing: number;
  average?: number;
  teacher?: string;
  temperature: number;
  teacherAlpha: number;
  teacherFeatures: number;
  augment: 'auto' | 'none' | 'crop' | 'crop+flip';
  validation?: number;
  patience?: number;
  limit?: number;
  seed: number;
  threads?: number;
  out?: string;
  resume?: boolean;
  json?: boolean;
}

const name = text(4096, 'a name or a path');
const flag = rule<boolean>('true or false', (value) => typeof value === 'boolean');

const rules: { readonly [Name in keyof TrainArguments]-?: Rule<TrainArguments[Name]> } = {
  dataset: oneOf([...datasetNames, folderName]),
  data: name,
  skipBad: flag,
  background: name,
  invert: flag,
  model: name,
  kind: oneOf(networkKinds),
  imageSize: listOf(numbers.positiveInteger, 'height and width', 2) as Rule<readonly [number, number]>,
  weights: name,
  freeze: listOf(name, 'a list of layers') as Rule<string[]>,
  epochs: numbers.positiveInteger,
  batch: numbers.positiveInteger,
  lr: numbers.positive,
  eta: numbers.notNegative,
  rate: oneOf(rates),
  gradient: oneOf(gradients),
  productEpochs: numbers.notNegative,
  centeredEpochs: numbers.notNegative,
  momentum: numbers.belowOne,
  nesterov: flag,
  weightDecay: numbers.notNegative,
  clipNorm: numbers.positive,
  schedule: oneOf(schedules),
  warmUp: numbers.notNegative,
  labelSmoothing: numbers.upToOne,
  average: numbers.betweenZeroAndOne,
  teacher: name,
  temperature: numbers.positive,
  teacherAlpha: numbers.upToOne,
  teacherFeatures: numbers.notNegative,
  augment: oneOf(augmentations),
  validation: numbers.betweenZeroAndOne,
  patience: numbers.positiveInteger,
  limit: numbers.positiveInteger,
  seed: numbers.positiveInteger,
  threads: numbers.positiveInteger,
  out: name,
  resume: flag,
  json: flag,
};
const anObject = rule<object>('an object', isRecord);
const argumentsRule = objectWith(Object.fromEntries(Object.entries(rules).map(([name, inner]) => [name, optional<unknown>(inner)])));

/**
 * Arguments as a run wrote them, some of which may be missing.
 * @param file for messages
 * @throws {AdderNetError} ERR_CORRUPT if they are no arguments; ERR_FORMAT if there are others, which a newer version may have written
 */
export function parseTrainArguments(json: string, file: string): Partial<TrainArguments> {
  const stored = parseJson(json, file);
  check(file, stored, anObject);
  const args = unitToKind(stored);
  check(file, args, argumentsRule);
  const unknown = Object.keys(args).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file}: ${quoted(unknown)} is no argument of this version, and without it the run would differ`,
    );
  return args;
}
