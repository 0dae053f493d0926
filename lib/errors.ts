/** What went wrong, for programs. Unlike the message, the code is stable across versions. */
export type ErrorCode =
  | 'ERR_SHAPE' // a tensor's rank or sizes do not fit
  | 'ERR_DTYPE' // a tensor holds another type of number
  | 'ERR_ARGUMENT' // any other argument is out of range
  | 'ERR_FORMAT' // a file does not have the expected format, or uses an unsupported part of it
  | 'ERR_CORRUPT' // a file of the right format is truncated or contradicts itself
  | 'ERR_ISA' // ADDERNET_ISA or ADDERNET_BYTE_ADDER names what this CPU or build does not have
  | 'ERR_MEMORY' // memory could not be allocated
  | 'ERR_DISPOSED' // the object has been disposed
  | 'ERR_DIVERGED' // the loss or a parameter became NaN or infinite in training
  | 'ERR_NETWORK' // a file could not be downloaded
  | 'ERR_LOCKED' // another process uses the file or folder, such as another training run
  | 'ERR_NATIVE_MISSING' // no compiled binary fits this platform
  | 'ERR_PEER_MISSING' // an optional package is not installed
  | 'ERR_INTERNAL' // a defect of this package: please report it
  | 'ERR_PEER_BROKEN'; // an optional package is installed, but does not load

/** The class of all errors that this package throws. `message` names the argument, what was expected and what was received. */
export class AdderNetError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AdderNetError';
    this.code = code;
  }
}
