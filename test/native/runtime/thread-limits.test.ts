// As many threads as may be, and none at all: with 1,024 threads a process and its workers end as with one, and where the system gives no
// thread, the caller computes alone.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { missingProgram, testNeeding } from '../../support/needing';
import { library, repository } from '../../support/repository';

const common = `
  const { compile, layers, ops, setThreads, Tensor } = require(${JSON.stringify(library)});
  const { Worker } = require('node:worker_threads');
  const large = Tensor.zeros([1 << 22]);
  large.data.fill(-1).fill(2, 1 << 21);
  const network = (threads) => compile(new layers.Sequential([new layers.AdderConv2d(4, 8, { kernel: 3 }), new layers.Relu()]), { input: [9, 9, 4], threads });
  const x = Tensor.zeros([2048, 9, 9, 4]);
  const isRight = (y) => y.data[0] === 0 && y.data[(1 << 22) - 1] === 2;
`;

async function run(body: string, env: NodeJS.ProcessEnv = {}, shell = ''): Promise<{ output: string; status: number | null }> {
  const child = spawn('sh', ['-c', `${shell} exec "$0" -e "$1"`, process.execPath, common + body], {
    env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const [status] = await once(child, 'close');
  return { output: output.trim(), status };
}

t.test('1,024 threads', async (t) => {
  const use = 'setThreads(1024); console.log(isRight(ops.relu(large)));';
  const worker = `const { ops, Tensor } = require(${JSON.stringify(library)}); ops.relu(Tensor.zeros([1 << 22]));`;
  const bodies: Record<string, string> = {
    'the process ends by itself': use,
    'it exits at once': `${use} process.exit(0);`,
    'it exits while runs are under way': `(async () => {
      const sessions = await Promise.all([network(), network(1024)]);
      for (const session of [...sessions, ...sessions]) session.run(x);
      ${use} process.exit(0);
    })()`,
    'workers end': `(async () => {
      ${use}
      const workers = Array.from({ length: 4 }, () => new Worker(${JSON.stringify(worker)}, { eval: true }));
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
      ops.relu(large);
    })()`,
    'workers are terminated': `(async () => {
      ${use}
      const workers = Array.from({ length: 4 }, () => new Worker('for (;;) {' + ${JSON.stringify(worker.replace('const', 'var'))} + '}', { eval: true }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await Promise.all(workers.map((worker) => worker.terminate()));
      ops.relu(large);
    })()`,
  };
  for (const [name, body] of Object.entries(bodies)) t.same(await run(body), { output: 'true', status: 0 }, name);
  if (process.platform === 'linux')
    t.same(await run(use, {}, 'ulimit -s 256;'), { output: 'true', status: 0 }, 'with a quarter of a megabyte of stack each');
});

const missing = [
  process.platform !== 'linux' && 'threads are made to fail by LD_PRELOAD, on Linux',
  missingProgram('g++', 'it compiles what makes threads fail'),
];
testNeeding(missing, 'a system that gives no thread', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'addernet-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const preload = join(folder, 'failing-threads.so');
  const source = join(repository, 'test/support/failing-threads.cc');
  const compiled = spawnSync('g++', ['-O1', '-std=c++17', '-shared', '-fPIC', source, '-o', preload, '-ldl'], { encoding: 'utf8' });
  t.equal(compiled.status, 0, compiled.stderr);
  const body = `(async () => {
    setThreads(1024);
    const session = await network();
    process.env.ADDERNET_FAIL_THREADS = '1';
    console.log(isRight(ops.relu(large)), session.runSync(x).size);
    for (let i = 0; i < 3; i++) await session.run(x).catch(({ code, message }) => console.log(code, message));
    delete process.env.ADDERNET_FAIL_THREADS;
    console.log(isRight(ops.relu(large)), (await session.run(x)).size);
  })()`;
  const { output, status } = await run(body, { LD_PRELOAD: [preload, process.env.LD_PRELOAD].filter(Boolean).join(':') });
  const size = 2048 * 7 * 7 * 8;
  const refused = /^ERR_MEMORY .*the system gives no thread to work on$/;
  t.match(output.split('\n'), [`true ${size}`, refused, refused, refused, `true ${size}`]);
  t.equal(status, 0);
});
