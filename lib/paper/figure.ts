// What a table or figure of the paper is here: something measured, kept as JSON; and what is shown, made of that JSON alone, so that every
// number on the page can be traced to a file.
import type { Dataset } from '../data/dataset';
import type { DatasetName } from '../data/open-dataset';
import type { Chart } from './charts/chart';
import type { Table } from './page/table';
import type { TrainingLog } from './training-log';

export interface Figure<Data> {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  /** What it shows, and how it was made: plain text. */
  readonly about: string;
  /** Data sets whose official files it reads. */
  readonly needs: readonly DatasetName[];
  /** Optional packages, besides those that draw charts. */
  readonly packages?: readonly string[];
  measure(workshop: Workshop): Promise<Data>;
  present(data: Data): Promise<Presentation>;
}

/** What a figure is measured with. */
export interface Workshop {
  /** Fewer images, epochs and repetitions. */
  readonly quick: boolean;
  dataset(name: DatasetName, split: 'train' | 'test'): Dataset;
  /** Those of trainings that were made elsewhere, in the order of their names. */
  logs(): Promise<readonly TrainingLog[]>;
  /** Something that takes long: made once, whichever figure asks first, then read back from its file. It survives JSON. */
  part<T>(key: string, make: () => Promise<T>): Promise<T>;
}

export interface Presentation {
  readonly tables: readonly Table[];
  readonly pictures: readonly Picture[];
}

export interface Picture {
  /** Of its files, unique in the figure. */
  readonly name: string;
  readonly caption: string;
  readonly chart: Chart;
}

/** A figure whose kind of data no longer matters. */
export type AnyFigure = Figure<unknown>;
export const figure = <Data>(of: Figure<Data>): AnyFigure => of as AnyFigure;
