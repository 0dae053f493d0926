// Where the time of each network goes: its nodes one by one, beside the peaks of their micro-ops.
import { cpuInfo, type NodeProfile, setThreads } from '../dist';
import { native, rethrow } from '../dist/binding';
import type { NodeReport, NodeResult } from '../dist/cli/bench-results';
import { isChosen, measure, opens } from './measure';
import { compileTask, type ModelBenchOptions } from './models';
import { type Task, tasks } from './workloads';

interface NodeBenchOptions extends Omit<ModelBenchOptions, 'onResults'> {
  onResults?: ((results: NodeResult[]) => void) | undefined;
}

/**
 * Profiles every network.
 * @throws {AdderNetError} ERR_ISA, ERR_ARGUMENT; ERR_PEER_MISSING if benchmark.js is not installed
 */
export async function measureNodes(options: NodeBenchOptions = {}): Promise<NodeReport> {
  if (options.threads !== undefined) setThreads(options.threads);
  const { model, threads, isa: before } = cpuInfo();
  const isa = options.isa ?? before;
  rethrow(() => native().setIsa(isa));
  const results: NodeResult[] = [];
  try {
    for (const task of options.tasks ?? tasks) results.push(...(await profileTask(task, isa, threads, options)));
  } finally {
    native().setIsa(before);
  }
  return { cpu: model, threads, results };
}

const implementations = [
  ...(['adder', '2x2', 'winograd'] as const).flatMap((form) => (['u8', 'i16', 'f32'] as const).map((dtype) => `${form} ${dtype}` as const)),
  ...(['conv f32', 'xnor'] as const),
];
type Implementation = (typeof implementations)[number];

async function profileTask(task: Task, isa: string, threads: number, options: NodeBenchOptions): Promise<NodeResult[]> {
  const { network, batch } = task;
  const group = `${isa}, ${network}, batch ${batch}`;
  if (!opens(group, implementations, options)) return [];
  const { sessions, x } = await compileTask(task, threads);
  const results: NodeResult[] = [];
  for (const implementation of implementations) {
    if (!isChosen(group, implementation, options)) continue;
    const { nodes, nodeSeconds, seconds } = await sessions[implementation].profile(x, { rounds: 10 * (options.rounds ?? 15) });
    const peakOfNode = (node: NodeProfile) => peakOf(node, implementation);
    const peaks = peakRates(
      nodes.flatMap((node) => peakOfNode(node) ?? []),
      options,
    );
    const result = (name: string, seconds: number, node?: NodeProfile): NodeResult => ({
      ...{ network, batch, isa, implementation, name, seconds, share: seconds / nodeSeconds },
      ...(node && { op: node.op, shape: node.shape, dtype: node.dtype }),
      ...(node && node.pairs > 0 && { pairs: node.pairs, rate: node.rate, peakShare: node.rate / peaks[peakOfNode(node)!]! }),
    });
    const all = [
      ...nodes.map((node) => result(node.name, node.seconds, node)),
      result('sum of the nodes', nodeSeconds),
      result('a run', seconds),
    ];
    options.onResults?.(all);
    results.push(...all);
  }
  for (const session of Object.values(sessions)) session.dispose();
  return results;
}

/** The micro-op that a node is made of, a name of native/cpu/peak.cc. */
function peakOf({ op, kind }: NodeProfile, implementation: Implementation): string | undefined {
  if (op === 'quantizedConv2d') return kind === 'conv' ? 'dot 8-bit' : implementation.endsWith('i16') ? 'l1 i16' : 'l1 u8';
  return kind && { adder: 'l1 f32', 'adder-winograd': 'l1 f32', conv: 'dot f32', xnor: 'xnor' }[kind];
}

/** 1e9 pairs a second of the micro-ops of all nodes, in registers. */
function peakRates(peaks: readonly string[], options: NodeBenchOptions): Record<string, number> {
  const steps = 10_000;
  const names = [...new Set(peaks)];
  const medians = measure(Object.fromEntries(names.map((name) => [name, () => native().peak(name, steps)])), options);
  return Object.fromEntries(names.map((name) => [name, native().peak(name, steps) / medians[name]! / 1e9]));
}
