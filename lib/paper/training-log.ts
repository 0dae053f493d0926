// Logs of `addernet train`: one line of JSON per epoch.
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AdderNetError } from '../errors';
import { parseJson } from '../io/json';
import { check, integer, number, objectWith, optional, rule, text } from '../schema';
import type { EpochRecord } from '../train/progress';

export interface TrainingLog {
  /** The name of its file, or of its folder if the file is called log.jsonl. */
  readonly name: string;
  readonly history: readonly EpochRecord[];
}

/**
 * All .jsonl files of a folder and its subfolders, sorted by path.
 * @throws {AdderNetError} ERR_ARGUMENT if there is no such folder; ERR_FORMAT if a line is not the record of an epoch
 */
export async function readLogs(folder: string): Promise<TrainingLog[]> {
  const entries = await readdir(folder, { recursive: true }).catch((cause) => {
    throw new AdderNetError('ERR_ARGUMENT', `cannot read the folder of logs '${folder}': ${(cause as Error).message}`, { cause });
  });
  const files = entries.filter((file) => file.endsWith('.jsonl')).sort();
  const logs = await Promise.all(files.map((file) => readLog(join(folder, file))));
  return logs.filter(({ history }) => history.length > 0);
}

async function readLog(file: string): Promise<TrainingLog> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  const own = basename(file, '.jsonl');
  return { name: own === 'log' ? basename(dirname(file)) : own, history: lines.map((line, i) => parseRecord(line, `${file}:${i + 1}`)) };
}

function parseRecord(line: string, place: string): EpochRecord {
  try {
    const record = parseJson(line, 'it');
    check('it', record, epochRule);
    return record as unknown as EpochRecord;
  } catch (cause) {
    throw new AdderNetError(
      'ERR_FORMAT',
      `${place}: no record of an epoch, as addernet train writes them to log.jsonl: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** What figures need of a record. The loss of a validation may be infinite or NaN, which is null in JSON. */
const epochRule = objectWith({
  ...{ epoch: integer(1), loss: number(), accuracy: number() },
  ...{ seconds: number(0), machine: optional(text(1000)) },
  validation: optional(
    objectWith({ loss: rule<number | null>('a number', (value) => value === null || Number.isFinite(value)), accuracy: number() }),
  ),
});
