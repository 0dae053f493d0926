// Downloads the official files of data sets when the user asks for it. Only `rebuild`, which fetches cmake-js, uses the network besides.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AdderNetError } from '../errors';
import { createFolder, writeFileAtomic } from '../io/write-file';
import type { OfficialFile, OfficialSet } from './official-files';
import { tarFiles } from './tar';

/** How files are fetched. */
export interface DownloadOptions {
  /** URLs to try instead of the official ones. */
  mirrors?: readonly string[] | undefined;
  /** Called repeatedly with the bytes of a file received so far, and the total if the server reports it. */
  onProgress?: ((file: string, bytes: number, total: number | undefined) => void) | undefined;
  /** Stops the download and removes the incomplete file; the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

type FetchOptions = DownloadOptions & { readonly mirrors: readonly string[] };

/**
 * Downloads the files that are missing or have a wrong checksum, and unpacks archives. A file appears complete and checked, or not at all.
 * @returns the names of the data set's files in `directory`
 * @throws {AdderNetError} as a rejection: ERR_NETWORK if no mirror delivers a file; ERR_CORRUPT if a file has another size or checksum than the
 *   official one, or an archive is damaged or lacks a file; ERR_ARGUMENT if a file cannot be read or written
 */
export async function downloadDataset(set: OfficialSet, directory: string, options: DownloadOptions = {}): Promise<string[]> {
  const mirrors = options.mirrors ?? set.mirrors;
  await createFolder(directory);
  for (const file of set.files) {
    options.signal?.throwIfAborted();
    const path = join(directory, file.name);
    if ((await sha256Of(path)) !== file.sha256) await fetchFromAny(file, path, { ...options, mirrors });
  }
  if (!set.unpack) return set.files.map(({ name }) => name);
  for (const { name } of set.files) await unpack(join(directory, name), set.unpack, directory);
  return [...set.unpack];
}

async function fetchFromAny(file: OfficialFile, path: string, { mirrors, onProgress, signal }: FetchOptions): Promise<void> {
  const failures: AdderNetError[] = [];
  for (const mirror of mirrors) {
    const url = `${mirror.replace(/\/?$/, '/')}${file.name}`;
    try {
      return await writeFileAtomic(path, checkedBytes(url, file, onProgress, signal));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof AdderNetError) || error.code === 'ERR_ARGUMENT') throw error; // a full disk: another mirror would not help
      failures.push(error);
    }
  }
  const { code, message } = failures.at(-1)!;
  const others = failures.length > 1 ? ` (${failures.length - 1} other URLs failed, too)` : '';
  throw new AdderNetError(code, `${message}${others}; or copy the file to ${path} yourself`, { cause: failures[0] });
}

/** Streams the bytes of a file, no more than it has, and throws at the end if their checksum is wrong. */
async function* checkedBytes(
  url: string,
  { name, bytes: size, sha256 }: OfficialFile,
  onProgress: DownloadOptions['onProgress'],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  try {
    // fetch would decompress a compressed response, and content-length would not be the length of the file.
    const response = await fetch(url, { headers: { 'accept-encoding': 'identity' }, signal: signal ?? null });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    const total = Number(response.headers.get('content-length')) || undefined;
    let bytes = 0;
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (Math.max(bytes, total ?? 0) > size)
        throw new AdderNetError('ERR_CORRUPT', `download: ${url} sends ${total ?? 'more'} bytes, expected the ${size} of ${name}`);
      hash.update(chunk);
      yield chunk;
      onProgress?.(name, bytes, total);
    }
  } catch (cause) {
    if (cause instanceof AdderNetError) throw cause;
    const { message, cause: reason } = cause as Error;
    const why = reason instanceof Error ? `${message}, ${reason.message}` : message;
    throw new AdderNetError('ERR_NETWORK', `download: cannot fetch ${url}: ${why}. Check the connection, or name a mirror with --url`, {
      cause,
    });
  }
  const found = hash.digest('hex');
  if (found !== sha256) throw new AdderNetError('ERR_CORRUPT', `download: ${url} has the SHA-256 ${found}, expected ${sha256}`);
}

/** Returns undefined if there is no such file. */
async function sha256Of(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AdderNetError('ERR_ARGUMENT', `download: cannot read '${path}': ${(error as Error).message}`, { cause: error });
  }
  return hash.digest('hex');
}

/** In bytes; the archives of CIFAR hold 185 million. */
const maxUnpacked = 2 ** 28;

/** Only the base name of an archived file is used, so that no path in an archive decides where a file is written. */
async function unpack(archive: string, names: readonly string[], directory: string): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await promisify(gunzip)(await readFile(archive), { maxOutputLength: maxUnpacked });
  } catch (cause) {
    throw new AdderNetError('ERR_CORRUPT', `${archive}: not a gzip file, or damaged: ${(cause as Error).message}`, { cause });
  }
  const missing = new Set(names);
  for (const { path, content } of tarFiles(bytes, archive))
    if (missing.delete(basename(path))) await writeFileAtomic(join(directory, basename(path)), content);
  if (missing.size > 0) throw new AdderNetError('ERR_CORRUPT', `${archive}: the archive does not contain ${[...missing].join(', ')}`);
}
