import { cpuInfo } from '../cpu';
import { AdderNetError } from '../errors';
import { loadQuantized } from '../files';
import { quantizedKey } from '../files/quantized-file';
import { readWeights } from '../files/read-weights';
import type { LoadedState } from '../layers';
import { identify } from '../models';
import { elementCount, shapeText } from '../shape';

export async function info(file: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  if (file === undefined) printCpu(json);
  else await printWeights(file, json);
}

function printCpu(json: boolean): void {
  const cpu = cpuInfo();
  if (json) console.log(JSON.stringify(cpu));
  else
    console.log(
      [
        `CPU               ${cpu.model}`,
        `instruction set   ${cpu.isa}   (ADDERNET_ISA chooses among ${cpu.supported.join(', ')})`,
        `threads           ${cpu.threads}   (ADDERNET_NUM_THREADS sets them)`,
      ].join('\n'),
    );
}

async function printWeights(file: string, json: boolean): Promise<void> {
  const tensors = await readWeights(file);
  const { format, metadata } = tensors;
  const network = metadata[quantizedKey] === undefined ? networkOf(tensors) : await quantizedNetwork(file);
  const numbers = [...tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (json) {
    const list = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    console.log(JSON.stringify({ file, format, network: network ?? null, metadata, numbers, tensors: list }));
    return;
  }
  const width = Math.max(...[...tensors.keys()].map((name) => name.length));
  console.log(
    [
      `${file}: ${format === 'npy' ? 'a NumPy array (.npy)' : format}, ${tensors.size} tensors, ${numbers.toLocaleString('en-US')} numbers`,
      network
        ? `network ${network.name}, unit ${network.unit}, ${network.classes} classes${'bits' in network ? `, ${network.bits} bits` : ''}`
        : 'of no network known here',
      ...Object.entries(metadata).flatMap(([key, value]) => (key === quantizedKey ? [] : [`${key}: ${value}`])),
      ...[...tensors].map(([name, { dtype, shape }]) => `  ${name.padEnd(width)}  ${dtype}  ${shapeText(shape)}`),
    ].join('\n'),
  );
}

async function quantizedNetwork(file: string) {
  const { name, unit, classes, bits } = await loadQuantized(file);
  return { name, unit, classes, bits };
}

function networkOf(tensors: LoadedState): ReturnType<typeof identify> | undefined {
  try {
    return identify(tensors);
  } catch (error) {
    if (error instanceof AdderNetError) return undefined;
    throw error;
  }
}
