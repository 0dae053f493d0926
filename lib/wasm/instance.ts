// An instance of the module that scripts/build-wasm.sh makes of native/wasm, and its memory.
import { AdderNetError, type ErrorCode } from '../errors';

/** An address in the memory of an instance. */
export type Address = number;

/** What native/wasm/exports.cc exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  _initialize(): void;
  /** 0 if memory is out. */
  allocate(bytes: number): Address;
  release(address: Address): void;
  create(inputElements: number): Address;
  destroy(plan: Address): void;
  bytes(plan: Address): number;
  conv2d(plan: Address, fields: Address): number;
  quantized_conv2d(plan: Address, fields: Address): number;
  pool(plan: Address, fields: Address): number;
  symmetric_pad2d(plan: Address, fields: Address): number;
  normalize(plan: Address, fields: Address): number;
  quantize(plan: Address, fields: Address): number;
  activate(plan: Address, x: number, min: number, max: number): number;
  add(plan: Address, a: number, b: number): number;
  finish(plan: Address, output: number): number;
  output_elements(plan: Address): number;
  run(plan: Address, n: number, x: Address, y: Address): number;
}

/** A WebAssembly.Module, which only browsers' types declare, as the rest of the API. */
// biome-ignore lint/suspicious/noEmptyInterface: it has no members
export interface CompiledModule {}
export const { WebAssembly: webAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => CompiledModule;
    Instance: new (module: CompiledModule) => { readonly exports: unknown };
    compile(bytes: Uint8Array): Promise<CompiledModule>;
  };
};

/** Status of native/runtime/status.h, negative. */
const codes: readonly ErrorCode[] = ['ERR_INTERNAL', 'ERR_SHAPE', 'ERR_MEMORY', 'ERR_ARGUMENT', 'ERR_INTERNAL'];

const outOfMemory = -codes.indexOf('ERR_MEMORY');

/** Graphs are checked before: of nodes that do not fit each other nothing comes here. */
const reasons: Partial<Record<ErrorCode, string>> = {
  ERR_SHAPE:
    'too large for WebAssembly, where a value or the filters of a layer have at most 2^25 elements, and all values of an image 256 MiB',
  ERR_MEMORY: 'not enough memory',
  ERR_ARGUMENT: 'x holds a number that is not finite, for which no quantized number stands',
};

export class WasmInstance {
  readonly exports: Exports;
  #isBroken = false;

  constructor(module: CompiledModule) {
    try {
      this.exports = new webAssembly.Instance(module).exports as Exports;
      this.exports._initialize();
    } catch (cause) {
      throw cause instanceof RangeError
        ? new AdderNetError('ERR_MEMORY', 'addernet.wasm: not enough memory for an instance', { cause })
        : new AdderNetError('ERR_ISA', 'addernet.wasm is not the module of this package', { cause });
    }
  }

  /** Whether it ended in the middle of something, so that nothing in it can be relied on. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /**
   * What a call returns.
   * @throws {AdderNetError} of its status, where that is negative; ERR_MEMORY or ERR_INTERNAL if the module gives up
   */
  call(what: string, use: (exports: Exports) => number): number {
    if (this.#isBroken) throw stopped(what, 'ERR_INTERNAL');
    let result: number;
    try {
      result = use(this.exports);
    } catch (cause) {
      this.#isBroken = true;
      throw stopped(what, this.#isFull() ? 'ERR_MEMORY' : 'ERR_INTERNAL', cause);
    }
    if (result >= 0) return result;
    const code = codes[-result]!;
    throw new AdderNetError(code, `${what}: ${reasons[code] ?? 'the module failed: please report it'}`);
  }

  /** Memory for so many bytes. Addresses from 2 GiB on come as negative numbers. */
  allocate(what: string, bytes: number): Address {
    const address = bytes < 2 ** 32 ? this.exports.allocate(bytes) >>> 0 : 0;
    if (address === 0) throw new AdderNetError('ERR_MEMORY', `${what}: not enough memory for ${bytes} bytes: WebAssembly has up to 4 GiB`);
    return address;
  }

  /** A plan for images of so many elements. */
  create(inputElements: number): Address {
    let address = 0;
    this.call('Plan', ({ create }) => {
      address = create(inputElements) >>> 0;
      return address === 0 ? outOfMemory : 0;
    });
    return address;
  }

  /** Of an instance that is broken there is nothing to free. */
  release(address: Address): void {
    if (!this.#isBroken) this.exports.release(address);
  }

  /** A view of memory, which the next call may take away: where memory grows, its buffer is another. */
  view<A>(type: new (buffer: ArrayBuffer, address: Address, length: number) => A, address: Address, length: number): A {
    return new type(this.exports.memory.buffer, address, length);
  }

  #isFull(): boolean {
    try {
      this.exports.memory.grow(1);
      return false;
    } catch {
      return true;
    }
  }
}

const stopped = (what: string, code: ErrorCode, cause?: unknown): AdderNetError =>
  new AdderNetError(
    code,
    code === 'ERR_MEMORY'
      ? `${what}: not enough memory: the sessions of this module are lost, compile them again`
      : `${what}: the WebAssembly module has stopped, and its sessions are lost: please report it`,
    { cause },
  );
