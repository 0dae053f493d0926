// The WebAssembly module in V8 beside the same CNN in onnxruntime-web, and beside the addon's own instruction sets of 128 and 256 bits: one image, one
// thread, in the same rounds.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, cpuInfo, type InferenceSession, type Model, models, type QuantizedModel, quantize, save, Tensor } from '../dist';
import { native } from '../dist/binding';
import type { ModelReport, ModelResult } from '../dist/cli/bench-results';
import { Random } from '../dist/random';
import type * as Wasm from '../dist/web';
import { checkSame, haveBaselines, onnxNetworks } from './baselines/onnxruntime';
import { chosen, type MeasureOptions, measureAsync, opens } from './measure';
import { settled } from './models';

export interface WasmBenchOptions extends MeasureOptions {
  onResults?: ((results: ModelResult[]) => void) | undefined;
}

const [network, batch, threads] = ['resnet20', 1, 1] as const;
const kinds = { adder: 'adder', '2x2': 'adder-2x2', winograd: 'adder-winograd' } as const;

/** What the addon is compared in, where the CPU has it. */
const nativeIsas = ['sse41', 'avx2', 'neon'];

export async function measureWasm(options: WasmBenchOptions = {}): Promise<ModelReport> {
  const { model: cpu, supported, isa: before } = cpuInfo();
  const results: ModelResult[] = [];
  const baselines = haveBaselines('onnxruntime-web');
  const group = `wasm_simd128, ${network}, batch ${batch}`;
  if (opens(group, [''], options)) {
    const conv = settled(models[network]({ kind: 'conv', seed: 1 }));
    const x = Tensor.zeros([batch, ...conv.inputShape]);
    new Random(1).fillNormal(x.data);
    const functions = new Map<string, { isa: string; implementation: string; run: () => unknown }>();
    const put = (isa: string, implementation: string, run: () => unknown) =>
      functions.set(`${isa} ${implementation}`, { isa, implementation, run });

    const networks: Record<string, Model | QuantizedModel> = { 'conv f32': conv };
    for (const [name, kind] of Object.entries(kinds)) {
      const model = settled(models[network]({ kind, seed: 1 }));
      networks[`${name} f32`] = model;
      networks[`${name} u8`] = await quantize(model, x);
    }
    for (const [name, model] of Object.entries(networks)) put('wasm_simd128', name, await inWasm(model, x));
    try {
      for (const isa of nativeIsas.filter((isa) => supported.includes(isa))) {
        native().setIsa(isa);
        for (const [name, model] of Object.entries(networks)) {
          const own: InferenceSession = await compile(model as Model, { threads });
          put(isa, name, () => own.runSync(x));
        }
      }
    } finally {
      native().setIsa(before);
    }
    if (baselines) {
      const { f32, int8 } = await onnxNetworks(conv, x.data, batch, threads, 'onnxruntime-web');
      const logits = (await inWasm(conv, x))().data;
      checkSame(await f32(), logits, 1e-3);
      checkSame(await int8(), logits, 0.5); // 1 % a layer, which grows through a network of random filters
      put('wasm_simd128', 'onnxruntime f32', f32);
      put('wasm_simd128', 'onnxruntime int8', int8);
    }
    const runs = Object.fromEntries([...functions].map(([name, { run }]) => [name, run]));
    const medians = await measureAsync(chosen(group, runs, options), options);
    const { 'wasm_simd128 onnxruntime f32': f32, 'wasm_simd128 onnxruntime int8': int8 } = medians;
    for (const [name, seconds] of Object.entries(medians)) {
      const { isa, implementation } = functions.get(name)!;
      const ratios = f32 && int8 ? { ratios: { f32: seconds / f32, int8: seconds / int8 } } : {};
      results.push({ network, batch, isa, implementation, seconds, imagesPerSecond: batch / seconds, ...ratios });
    }
    results.sort((a, b) => b.isa.localeCompare(a.isa));
    options.onResults?.(results);
  }
  return { cpu, threads, baselines, results };
}

/** Runs the network as a page does: from a file, in the module that is in the package. */
async function inWasm(model: Model | QuantizedModel, x: Tensor): Promise<() => Wasm.Tensor> {
  const folder = join(__dirname, '../dist/wasm');
  const wasm: typeof Wasm = await import(join(folder, 'index.mjs'));
  await wasm.init(new Uint8Array(readFileSync(join(folder, 'addernet.wasm'))));
  const temporary = mkdtempSync(join(tmpdir(), 'addernet-bench-'));
  try {
    const file = join(temporary, 'network.safetensors');
    await save(model as Model, file);
    const session = await wasm.compile(await wasm.load(new Uint8Array(readFileSync(file))));
    const images = new wasm.Tensor(x.data, x.shape);
    return () => session.runSync(images);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
