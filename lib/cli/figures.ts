// `addernet figures`: the tables and figures of the paper, remade into a folder.
import { join } from 'node:path';
import { openDataset } from '../data/open-dataset';
import { AdderNetError } from '../errors';
import { figures } from '../figures';
import { makeFigures } from '../figures/make-figures';

export async function figuresCommand(names: string[], { out, quick = false }: { out: string; quick?: boolean }): Promise<void> {
  const known = figures.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new AdderNetError('ERR_ARGUMENT', `figures: there is no figure '${unknown}', expected some of ${known.join(', ')}`);
  const wanted = names.length === 0 ? figures : figures.filter(({ name }) => names.includes(name));
  await makeFigures(wanted, {
    out,
    quick,
    openDataset: (name, split) => openDataset(name, join('data', name), split),
    onNote: (text) => console.error(text),
  });
  console.log(join(out, 'index.html'));
}
