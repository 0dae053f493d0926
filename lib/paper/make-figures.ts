// Measures figures and writes them to a folder:
//   DIR/NAME.json                               what was measured, and on which machine
//   DIR/NAME/IMAGE.svg .png, TABLE.json .md     what is shown
//   DIR/index.html, README.md                   the page of all figures that were measured, now or before
//   DIR/cache/full|quick/KEY.json               slow results, from which an interrupted run continues; figures may share them
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cpuInfo } from '../cpu';
import type { Dataset } from '../data/dataset';
import type { DatasetName } from '../data/open-dataset';
import { createFolder, writeFileAtomic } from '../io/write-file';
import { chartPackages, checkPackages } from './charts/chart';
import type { AnyFigure, Context, Presentation } from './figure';
import { pageOf, type Run, type Section } from './page/html-page';
import { markdownOf } from './page/markdown-page';
import { toMarkdown } from './page/table';
import { readLogs, type TrainingLog } from './training-log';

export interface FigureOptions {
  /** The folder for all output. */
  readonly out: string;
  readonly quick: boolean;
  /** Which figures to measure. Default: all. */
  readonly isWanted?: (figure: AnyFigure) => boolean;
  /** The folder of training logs. Default: none. */
  readonly logs?: string | undefined;
  readonly openDataset: (name: DatasetName, split: 'train' | 'test') => Dataset;
  readonly onNote: (text: string) => void;
}

/**
 * Measures the wanted figures, then writes tables, images and page of all figures that the folder has measurements of.
 * @throws {AdderNetError} ERR_PEER_MISSING if a package that one of them needs is not installed; what opening the data sets throws
 */
export async function makeFigures(figures: readonly AnyFigure[], options: FigureOptions): Promise<void> {
  const { out, quick, isWanted = () => true, onNote } = options;
  const wanted = figures.filter(isWanted);
  checkPackages('drawing the figures', [...chartPackages, ...wanted.flatMap(({ packages = [] }) => packages)]); // before hours of measuring
  const context = new FileContext(options);
  const { model: cpu, isa, threads } = cpuInfo();
  for (const figure of wanted) {
    onNote(`${figure.name}: ${figure.title}`);
    const measurement: Measurement = { run: { quick, cpu, isa, threads }, data: await figure.measure(context) };
    await write(join(out, `${figure.name}.json`), toJson(measurement));
  }
  const sections: Section[] = [];
  for (const figure of figures) {
    const file = join(out, `${figure.name}.json`);
    if (!existsSync(file)) continue;
    const { run, data }: Measurement = JSON.parse(await readFile(file, 'utf8'));
    const presentation = await figure.present(data);
    await writePresentation(join(out, figure.name), presentation);
    sections.push({ figure, run, presentation });
  }
  await write(join(out, 'README.md'), markdownOf(sections));
  await write(join(out, 'index.html'), pageOf(sections));
}

/** The content of NAME.json. */
interface Measurement {
  readonly run: Run;
  readonly data: unknown;
}

class FileContext implements Context {
  readonly #folder: string;
  readonly #options: FigureOptions;

  constructor(options: FigureOptions) {
    this.#folder = join(options.out, 'cache', options.quick ? 'quick' : 'full');
    this.#options = options;
  }

  get quick(): boolean {
    return this.#options.quick;
  }

  get dataset(): Context['dataset'] {
    return this.#options.openDataset;
  }

  async logs(): Promise<TrainingLog[]> {
    return this.#options.logs === undefined ? [] : await readLogs(this.#options.logs);
  }

  readonly cached = async <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const file = join(this.#folder, `${key}.json`);
    const kept = await readFile(file, 'utf8').catch(() => undefined);
    if (kept !== undefined) return JSON.parse(kept);
    this.#options.onNote(`  ${key}`);
    const json = toJson(await make());
    await write(file, json);
    return JSON.parse(json);
  };
}

async function writePresentation(folder: string, { tables, images }: Presentation): Promise<void> {
  for (const table of tables) {
    const titles = table.columns.map(({ title }) => title);
    await write(join(folder, `${table.name}.json`), toJson({ caption: table.caption, columns: titles, rows: table.rows }));
    await write(join(folder, `${table.name}.md`), toMarkdown(table));
  }
  for (const { name, chart } of images) {
    await write(join(folder, `${name}.svg`), chart.svg);
    await write(join(folder, `${name}.png`), chart.png);
  }
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

async function write(file: string, content: string | Uint8Array): Promise<void> {
  await createFolder(dirname(file));
  await writeFileAtomic(file, content);
}
