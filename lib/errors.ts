/** What went wrong, for programs: stable across versions, unlike the message. */
export type ErrorCode =
  | 'ERR_SHAPE' // a tensor's rank or sizes do not fit
  | 'ERR_DTYPE' // a tensor holds another type of number
  | 'ERR_ARGUMENT' // any other argument out of its range
  | 'ERR_FORMAT' // a file is not of the expected format, or uses a part of it that is refused
  | 'ERR_CORRUPT' // a file of the right format is truncated or contradicts itself
  | 'ERR_ISA' // ADDERNET_ISA names an instruction set this CPU or build does not have
  | 'ERR_MEMORY' // the working memory of an operation could not be had
  | 'ERR_DISPOSED' // the object was disposed of before
  | 'ERR_DIVERGED' // the loss or a parameter became NaN or infinite in training
  | 'ERR_NETWORK' // a file could not be downloaded
  | 'ERR_NATIVE_MISSING' // no compiled binary fits this platform
  | 'ERR_PEER_MISSING' // an optional package is not installed
  | 'ERR_PEER_BROKEN'; // an optional package is installed, but does not load

/** Every error this package throws on purpose. `message` names the argument, what was expected and what came. */
export class AdderNetError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AdderNetError';
    this.code = code;
  }
}
