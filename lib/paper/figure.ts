// A table or figure of the paper: data that are measured and kept as JSON, and tables and images that are made from that JSON alone, so that
// every number on the page can be traced to a file.
import type { Dataset } from '../data/dataset';
import type { DatasetName } from '../data/open-dataset';
import type { Chart } from './charts/chart';
import type { Table } from './page/table';
import type { TrainingLog } from './training-log';

export interface Figure<Data> {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  /** What it shows, and how it was measured: plain text. */
  readonly about: string;
  /** Data sets whose official files it reads. */
  readonly needs: readonly DatasetName[];
  /** Optional packages, besides those that draw charts. */
  readonly packages?: readonly string[];
  measure(context: Context): Promise<Data>;
  present(data: Data): Promise<Presentation>;
}

/** What a figure is measured with. */
export interface Context {
  /** Fewer images, epochs and repetitions. */
  readonly quick: boolean;
  dataset(name: DatasetName, split: 'train' | 'test'): Dataset;
  /** Logs of finished training runs, sorted by name. */
  logs(): Promise<readonly TrainingLog[]>;
  /** The result of something slow: computed once for all figures, then read back from its file. It must survive JSON. */
  cached<T>(key: string, make: () => Promise<T>): Promise<T>;
}

export interface Presentation {
  readonly tables: readonly Table[];
  readonly images: readonly FigureImage[];
}

export interface FigureImage {
  /** The name of its files, unique within the figure. */
  readonly name: string;
  readonly caption: string;
  readonly chart: Chart;
}

/** A figure of any type of data. */
export type AnyFigure = Figure<unknown>;
export const figure = <Data>(definition: Figure<Data>): AnyFigure => definition as AnyFigure;
