// From figures to a folder: what was measured, what is shown, and the page.
//   DIR/NAME.json                                what was measured
//   DIR/NAME/PICTURE.svg .png, TABLE.json .md    what is shown
//   DIR/parts/full|quick/KEY.json                parts of measurements, to go on from; figures may share them
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cpuInfo } from '../cpu';
import type { Dataset } from '../data/dataset';
import type { DatasetName } from '../data/open-dataset';
import { writeFileAtomic } from '../io/write-file';
import { checkChartPackages } from './chart';
import type { AnyFigure, Presentation, Workshop } from './figure';
import { pageOf, type Section } from './page';
import { toMarkdown } from './table';

export interface FigureOptions {
  /** The folder that everything goes to. */
  readonly out: string;
  readonly quick: boolean;
  readonly openDataset: (name: DatasetName, split: 'train' | 'test') => Dataset;
  readonly onNote: (text: string) => void;
}

/**
 * Makes each figure, then the page of them.
 * @throws {AdderNetError} ERR_PEER_MISSING if a package that drawing needs is not installed; what opening the data sets throws
 */
export async function makeFigures(figures: readonly AnyFigure[], options: FigureOptions): Promise<void> {
  const { out, quick, onNote } = options;
  checkChartPackages(); // before hours of measuring
  const workshop = new FileWorkshop(options);
  const sections: Section[] = [];
  for (const figure of figures) {
    onNote(`${figure.name}: ${figure.title}`);
    const measured = toJson(await figure.measure(workshop));
    await write(join(out, `${figure.name}.json`), measured);
    const presentation = await figure.present(JSON.parse(measured));
    await writePresentation(join(out, figure.name), presentation);
    sections.push({ figure, presentation });
  }
  const { model, isa, threads } = cpuInfo();
  const about = `${quick ? 'A quick run' : 'A full run'} on ${model}, ${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}.`;
  await write(join(out, 'index.html'), pageOf(sections, about));
}

class FileWorkshop implements Workshop {
  readonly #folder: string;
  readonly #options: FigureOptions;

  constructor(options: FigureOptions) {
    this.#folder = join(options.out, 'parts', options.quick ? 'quick' : 'full');
    this.#options = options;
  }

  get quick(): boolean {
    return this.#options.quick;
  }

  get dataset(): Workshop['dataset'] {
    return this.#options.openDataset;
  }

  readonly part = async <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const file = join(this.#folder, `${key}.json`);
    const kept = await readFile(file, 'utf8').catch(() => undefined);
    if (kept !== undefined) return JSON.parse(kept);
    this.#options.onNote(`  ${key}`);
    const json = toJson(await make());
    await write(file, json);
    return JSON.parse(json);
  };
}

async function writePresentation(folder: string, { tables, pictures }: Presentation): Promise<void> {
  for (const table of tables) {
    const titles = table.columns.map(({ title }) => title);
    await write(join(folder, `${table.name}.json`), toJson({ caption: table.caption, columns: titles, rows: table.rows }));
    await write(join(folder, `${table.name}.md`), toMarkdown(table));
  }
  for (const { name, chart } of pictures) {
    await write(join(folder, `${name}.svg`), chart.svg);
    await write(join(folder, `${name}.png`), chart.png);
  }
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

async function write(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, Buffer.from(content));
}
