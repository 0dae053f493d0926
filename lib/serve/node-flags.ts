// Flags of Node under which fastify does not start.
import { AdderNetError } from '../errors';

/** @throws {AdderNetError} ERR_PEER_BROKEN if this process has one of them, with its name */
export function checkNodeFlags(): void {
  const refuse = (why: string, flag: string): AdderNetError =>
    new AdderNetError('ERR_PEER_BROKEN', `serve needs the package fastify, ${why}: start it without ${flag}`);
  if (Object.isFrozen(Error)) throw refuse('whose log assigns to Error', '--frozen-intrinsics');
  try {
    Function('');
  } catch {
    throw refuse('which makes functions of its routes', '--disallow-code-generation-from-strings');
  }
}
