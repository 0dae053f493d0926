// Bytes from the network, and in Node, whose fetch reads no files, from file: URLs as well.
import { AdderNetError } from '../errors';

interface NodeProcess {
  getBuiltinModule?(name: 'node:fs/promises'): { readFile(file: URL): Promise<Uint8Array> };
}

/** @throws {AdderNetError} as a rejection: ERR_NETWORK */
export async function fetchBytes(url: string | URL): Promise<Uint8Array> {
  const files =
    String(url).startsWith('file:') && (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.('node:fs/promises');
  try {
    if (files) return await files.readFile(new URL(url));
    const response = await fetch(url);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new AdderNetError('ERR_NETWORK', `cannot fetch ${url}: ${(cause as Error).message}`, { cause });
  }
}
