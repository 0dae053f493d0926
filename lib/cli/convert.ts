import { save } from '../files';
import type { NetworkKind } from '../models';
import { weightsPath } from '../models/pretrained';
import { openFloatNetwork } from './open-network';
import { checkWeightsOut } from './output-path';
import { printJson } from './terminal';
import { print } from './text-layout';

interface ConvertArguments {
  model?: string;
  kind?: NetworkKind;
  half?: boolean;
  json?: boolean;
}

export async function convert(from: string, to: string, { half, json, ...network }: ConvertArguments): Promise<void> {
  checkWeightsOut('the output', to, [weightsPath(from)]);
  const model = await openFloatNetwork('convert', { weights: from, ...network });
  await save(model, to, { half });
  const { metadata } = model;
  if (json) printJson({ in: from, out: to, metadata });
  else print(`${to}: ${metadata.name}, kind ${metadata.kind}, ${metadata.classes} classes`);
}
