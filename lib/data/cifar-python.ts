// The Python version of CIFAR's files, which is known by its names alone.
import { AdderNetError } from '../errors';

/** A file of images. */
export interface CifarPickle {
  /** Of each image 1024 bytes each of red, green and blue. */
  readonly planes: Uint8Array;
  /** The class of each, unchecked. */
  readonly targets: Int32Array;
}

/** @throws {AdderNetError} ERR_FORMAT */
export function parseCifarPickle(_bytes: Uint8Array, _labels: string, name: string): CifarPickle {
  throw new AdderNetError(
    'ERR_FORMAT',
    `${name}: this is the Python version, but the binary one is needed: addernet data get cifar10 (or cifar100) fetches it`,
  );
}

/** Names are of no use without images. */
export const parseCifarNames = (_bytes: Uint8Array, _key: string, _name: string): string[] | undefined => undefined;
