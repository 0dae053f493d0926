// A program for other processes: the logits of a float and an 8-bit network, and what it knows of the CPU, as one line of JSON.
import { compile, cpuInfo, generateDigits, load, normalize } from '../../dist';

export interface Report {
  readonly threads: number;
  readonly logits: number[];
}

export async function report(): Promise<Report> {
  const logits: number[] = [];
  for (const name of ['lenet5-bn-mnist', 'lenet5-bn-mnist-8bit']) {
    const network = await load(name);
    const session = await compile(network);
    const { mean, std } = network.metadata.normalization;
    const x = normalize(generateDigits(5, 3).images(0, 3), mean, std);
    logits.push(...session.runSync(x).data, ...(await session.run(x)).data);
    session.dispose();
  }
  return { threads: cpuInfo().threads, logits };
}

if (require.main === module) void report().then((result) => console.log(JSON.stringify(result)));
