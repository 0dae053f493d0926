// Networks in WebAssembly: the plan of binding.d.ts over native/wasm/exports.cc. A run ends before it returns, on the thread that asked for it.
import type { Conv2dNode, NativePlan, QuantizedConv2dNode } from '../../binding.d.ts';
import { AdderNetError, type ErrorCode } from '../errors';
import { activationFields, array, type Field, float, geometryFields, int, optionalValue, withFields } from './fields';
import type { Address, WasmInstance } from './instance';

/** In the order of ConvKind (native/conv2d/conv_kind.h) and DType (native/plan/value.h). */
const kinds: readonly Conv2dNode['kind'][] = ['adder', 'adder-winograd', 'conv', 'xnor'];
const dtypes: readonly QuantizedConv2dNode['output'][] = ['f32', 'u8', 'i16'];

/** Images go through memory in parts of about so many bytes: beyond what keeps the filters' panels in use, more would only take memory. */
const partBytes = 2 ** 22;

type Node<Name extends keyof NativePlan> = Parameters<NativePlan[Name]>[0];

/** Frees what a plan that was not disposed of has in memory. Workers with an older compatibility date lack the class: there, dispose alone frees it. */
const forgotten =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<{ instance: WasmInstance; address: Address }>(({ instance, address }) => {
        if (!instance.isBroken) instance.exports.destroy(address);
      });

export class WasmPlan implements NativePlan {
  readonly #instance: WasmInstance;
  readonly #inputElements: number;
  #outputElements = 0;
  #address: Address;

  constructor(instance: WasmInstance, inputElements: number) {
    this.#instance = instance;
    this.#inputElements = inputElements;
    this.#address = instance.create(inputElements);
    forgotten?.register(this, { instance, address: this.#address }, this);
  }

  conv2d({ kind, isCentered, isSymmetric, x, filters, bias, scale, shift, residual, activation, geometry }: Conv2dNode): number {
    return this.#add('conv2d', 'conv2d', [
      ...[int(kinds.indexOf(kind)), int(isCentered ?? false), int(isSymmetric ?? false), int(x), optionalValue(residual)],
      ...[array(filters), array(bias), array(scale), array(shift)],
      ...[...activationFields(activation), ...geometryFields(geometry)],
    ]);
  }

  quantizedConv2d(node: QuantizedConv2dNode): number {
    const { kind, isCentered, isSymmetric, x, residual, filters, padValue, offsets, shifts, constants, scale, shift } = node;
    const { residualScale = 1, output, qmin = 0, qmax = 0, activation, geometry } = node;
    return this.#add('quantizedConv2d', 'quantized_conv2d', [
      ...[int(kinds.indexOf(kind)), int(isCentered ?? false), int(isSymmetric ?? false), int(x), optionalValue(residual)],
      ...[array(filters), int(padValue), array(offsets), array(shifts), array(constants), array(scale), array(shift)],
      ...[float(residualScale), int(dtypes.indexOf(output)), int(qmin), int(qmax)],
      ...[...activationFields(activation), ...geometryFields(geometry)],
    ]);
  }

  pool({ mode, x, geometry }: Node<'pool'>): number {
    return this.#add('pool', 'pool', [int(mode === 'max'), int(x), ...geometryFields(geometry)]);
  }

  symmetricPad({ x, height, width, channels }: Node<'symmetricPad'>): number {
    return this.#add('symmetricPad', 'symmetric_pad2d', [int(x), int(height), int(width), int(channels)]);
  }

  normalize({ x, mean, scale, shift, residual, activation }: Node<'normalize'>): number {
    const arrays = [array(mean), array(scale), array(shift)];
    return this.#add('normalize', 'normalize', [int(x), optionalValue(residual), ...arrays, ...activationFields(activation)]);
  }

  quantize({ x, output, scale, zeroPoint, qmin, qmax }: Node<'quantize'>): number {
    return this.#add('quantize', 'quantize', [
      ...[int(x), int(dtypes.indexOf(output)), float(scale), int(zeroPoint), int(qmin), int(qmax)],
    ]);
  }

  activate({ x, activation: { min, max } }: Node<'activate'>): number {
    return this.#call('activate', (plan) => this.#instance.exports.activate(plan, x, min, max));
  }

  add({ a, b }: Node<'add'>): number {
    return this.#call('add', (plan) => this.#instance.exports.add(plan, a, b));
  }

  finish(output: number): void {
    this.#call('finish', (plan) => this.#instance.exports.finish(plan, output));
    this.#outputElements = this.#call('finish', (plan) => this.#instance.exports.output_elements(plan));
  }

  memory(): number {
    return this.#address === 0 ? 0 : this.#instance.exports.bytes(this.#address) >>> 0;
  }

  runSync(x: Float32Array, out: Float32Array, n: number): void {
    const [inputs, outputs] = [this.#inputElements, this.#outputElements];
    const imageBytes = 4 * (inputs + outputs);
    const part = Math.min(n, Math.max(1, Math.floor(partBytes / imageBytes)));
    const images = this.#instance.allocate('run', part * imageBytes);
    const results = images + 4 * part * inputs;
    try {
      for (let first = 0; first < n; first += part) {
        const count = Math.min(part, n - first);
        this.#instance.view(Float32Array, images, count * inputs).set(x.subarray(first * inputs, (first + count) * inputs));
        this.#call('run', (plan) => this.#instance.exports.run(plan, count, images, results));
        out.set(this.#instance.view(Float32Array, results, count * outputs), first * outputs);
      }
    } finally {
      this.#instance.release(images);
    }
  }

  run(x: Float32Array, out: Float32Array, n: number, done: (code: string | undefined) => void): void {
    let code: ErrorCode | undefined;
    try {
      this.runSync(x, out, n);
    } catch (error) {
      if (!(error instanceof AdderNetError)) throw error;
      code = error.code;
    }
    void Promise.resolve().then(() => done(code));
  }

  profile(): never {
    throw new AdderNetError(
      'ERR_NATIVE_MISSING',
      'profile: WebAssembly has no clock for the nodes of a network: profile needs the compiled addon',
    );
  }

  dispose(): void {
    if (this.#address === 0) return;
    forgotten?.unregister(this);
    if (!this.#instance.isBroken) this.#instance.exports.destroy(this.#address);
    this.#address = 0;
  }

  #call(what: string, use: (plan: Address) => number): number {
    return this.#instance.call(what, () => use(this.#address));
  }

  #add(
    what: string,
    name: 'conv2d' | 'quantized_conv2d' | 'pool' | 'symmetric_pad2d' | 'normalize' | 'quantize',
    fields: readonly Field[],
  ): number {
    return withFields(this.#instance, what, fields, (address) => this.#call(what, (plan) => this.#instance.exports[name](plan, address)));
  }
}
