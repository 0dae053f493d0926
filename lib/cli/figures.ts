// `addernet figures`: reproduces the tables and figures of the paper in a folder.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DatasetName, openDataset } from '../data/open-dataset';
import { AdderNetError } from '../errors';
import { figures } from '../paper';
import type { AnyFigure } from '../paper/figure';
import { makeFigures } from '../paper/make-figures';
import { checkFolderOut } from './output-path';
import { printError, printText } from './terminal';

export async function figuresCommand(
  names: string[],
  { out, data, logs, quick = false }: { out: string; data: string; logs?: string; quick?: boolean },
): Promise<void> {
  const known = figures.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new AdderNetError('ERR_ARGUMENT', `figures: there is no figure '${unknown}', expected any of ${known.join(', ')}`);
  checkFolderOut('--out', out);
  const open = (name: DatasetName, split: 'train' | 'test') => openDataset(name, join(data, name), split);
  const isWanted = ({ name, needs }: AnyFigure): boolean => {
    if (names.length > 0) return names.includes(name);
    const missing = needs.find((dataset) => !existsSync(join(data, dataset)));
    if (missing !== undefined)
      printError(`${name} is skipped because ${join(data, missing)} is missing: addernet data get ${missing} --out ${join(data, missing)}`);
    return missing === undefined;
  };
  await makeFigures(figures, { isWanted, logs, out, quick, openDataset: open, onNote: (text) => printError(text) });
  printText(join(out, 'index.html'));
}
