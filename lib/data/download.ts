// Official files of data sets, fetched where a person asks for it: the only place where this package uses a network.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AdderNetError } from '../errors';
import { writeFileAtomic } from '../io/write-file';
import type { OfficialFile, OfficialSet } from './official-files';
import { tarFiles } from './tar';

export interface DownloadOptions {
  /** Addresses to try instead of the official ones. */
  mirrors?: readonly string[] | undefined;
  /** Called now and then with the bytes of a file so far, and of all of it where the server tells. */
  onProgress?: ((file: string, bytes: number, total: number | undefined) => void) | undefined;
}

/**
 * Fetches the files that are not there yet with the right checksum, and unpacks archives. A file appears whole and checked, or not at all.
 * @returns names of the files in `directory` that make up the data set
 * @throws {AdderNetError} ERR_NETWORK if no mirror gives a file; ERR_CORRUPT if what they give has another checksum, or an archive lacks a
 *   file; ERR_ARGUMENT if the folder cannot be written to
 */
export async function downloadDataset(set: OfficialSet, directory: string, options: DownloadOptions = {}): Promise<string[]> {
  const mirrors = options.mirrors ?? set.mirrors;
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw new AdderNetError('ERR_ARGUMENT', `download: cannot make the folder '${directory}': ${(cause as Error).message}`, { cause });
  }
  for (const file of set.files) {
    const path = join(directory, file.name);
    if ((await md5Of(path)) !== file.md5) await fetchFromAny(mirrors, file, path, options.onProgress);
  }
  if (!set.unpack) return set.files.map(({ name }) => name);
  for (const { name } of set.files) await unpack(join(directory, name), set.unpack, directory);
  return [...set.unpack];
}

async function fetchFromAny(
  mirrors: readonly string[],
  file: OfficialFile,
  path: string,
  onProgress: DownloadOptions['onProgress'],
): Promise<void> {
  const failures: AdderNetError[] = [];
  for (const mirror of mirrors) {
    const url = `${mirror.replace(/\/?$/, '/')}${file.name}`;
    try {
      return await fetchFile(url, file, path, onProgress);
    } catch (error) {
      if (!(error instanceof AdderNetError)) throw error;
      failures.push(error);
    }
  }
  const { code, message } = failures.at(-1)!;
  const others = failures.length > 1 ? ` (${failures.length - 1} other addresses failed too)` : '';
  throw new AdderNetError(code, `${message}${others}; or put the file into place by hand: ${path}`, { cause: failures[0] });
}

async function fetchFile(url: string, { name, md5 }: OfficialFile, path: string, onProgress: DownloadOptions['onProgress']): Promise<void> {
  const temporary = `${path}.part`;
  try {
    const hash = createHash('md5');
    const response = await fetch(url);
    if (!response.ok || !response.body) throw new Error(`the server answers ${response.status} ${response.statusText}`.trim());
    const total = Number(response.headers.get('content-length')) || undefined;
    let bytes = 0;
    const file = await open(temporary, 'w');
    try {
      for await (const chunk of response.body) {
        await file.writeFile(chunk);
        hash.update(chunk);
        bytes += chunk.length;
        onProgress?.(name, bytes, total);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    const found = hash.digest('hex');
    if (found !== md5) throw new AdderNetError('ERR_CORRUPT', `download: ${url} has the MD5 ${found}, expected ${md5}`);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof AdderNetError) throw cause;
    const { message, cause: reason } = cause as Error;
    const why = reason instanceof Error ? `${message}, ${reason.message}` : message;
    throw new AdderNetError('ERR_NETWORK', `download: cannot fetch ${url}: ${why}. Check the connection, or name a mirror with --url`, {
      cause,
    });
  }
}

/** undefined if there is no such file */
async function md5Of(path: string): Promise<string | undefined> {
  const hash = createHash('md5');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}

/** Files are known by their last names: no path in an archive decides where one is written. */
async function unpack(archive: string, names: readonly string[], directory: string): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(await readFile(archive));
  } catch (cause) {
    throw new AdderNetError('ERR_CORRUPT', `${archive}: not a gzip, or damaged: ${(cause as Error).message}`, { cause });
  }
  const missing = new Set(names);
  for (const { path, content } of tarFiles(bytes, archive))
    if (missing.delete(basename(path))) await writeFileAtomic(join(directory, basename(path)), content);
  if (missing.size > 0) throw new AdderNetError('ERR_CORRUPT', `${archive}: there is no ${[...missing].join(', ')} in it`);
}
