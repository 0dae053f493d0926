// Parsers with a defect, which the loop has to find: it shows that it would find those of the package.
import { AdderNetError } from '../../dist/errors';
import { expect, type Target } from './target';

const corpus = () => [Buffer.from('{"count":3,"name":"x"}')];
const read = (bytes: Uint8Array): { count?: unknown; name?: string } => {
  try {
    return Object(JSON.parse(Buffer.from(bytes).toString()));
  } catch (cause) {
    throw new AdderNetError('ERR_CORRUPT', 'file: not JSON', { cause });
  }
};
const kept: unknown[] = [];

export const targets: readonly Target[] = [
  {
    name: 'an endless loop',
    corpus,
    run(bytes) {
      while (read(bytes).count !== 3);
    },
  },
  { name: 'an error of another class', corpus, run: (bytes) => (read(bytes).name as string).length },
  { name: 'an error of another code', corpus, run: (bytes) => expectCode(read(bytes).count === 3) },
  {
    name: 'a wrong result',
    corpus,
    words: [' ', '  '],
    run: (bytes) => expect(JSON.stringify(read(bytes)) === Buffer.from(bytes).toString(), 'it is another when written'),
  },
  {
    name: 'time',
    corpus,
    run(bytes) {
      const began = process.cpuUsage().user;
      while (read(bytes).count !== 3 && process.cpuUsage().user - began < 400_000);
    },
  },
  { name: 'memory', corpus, run: (bytes) => read(bytes).count === 3 || kept.push(Buffer.alloc(150 * 2 ** 20, 1)) },
  { name: 'an end of the process', corpus, run: (bytes) => read(bytes).count === 3 || process.kill(process.pid, 'SIGKILL') },
  { name: 'no defect', corpus, run: read },
];

function expectCode(holds: boolean): void {
  if (!holds) throw new AdderNetError('ERR_INTERNAL', 'a defect');
}
