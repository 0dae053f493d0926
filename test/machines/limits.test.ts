// Less than a machine has: one core, half of one, 256 MB. The same bits, no more threads than are of use, no crash.
import { execFile, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { cpuInfo } from '../../dist';
import { commandInGroup, missingController } from '../support/control-group';
import { missingProgram, testNeeding } from '../support/needing';
import { program } from '../support/repository';
import { type Report, report } from './inference';

const run = promisify(execFile);
const node = process.execPath;
const inference = join(__dirname, 'inference.js');
const env = { ...process.env, ADDERNET_NUM_THREADS: '' };
const memory = 256 << 20;

testNeeding([missingProgram('taskset', 'apt-get install util-linux')], 'one core', async (t) => {
  const { stdout } = await run('taskset', ['-c', '0', node, inference], { env });
  t.same(JSON.parse(stdout) as Report, { threads: 1, logits: (await report()).logits });
});

testNeeding([missingController('cpu')], 'half a core of CPU time', async (t) => {
  const [command, args] = commandInGroup(t, 'cpu', 0.5);
  const { stdout } = await run(command, [...args, node, inference], { env });
  t.same(JSON.parse(stdout) as Report, { threads: 1, logits: (await report()).logits });
});

testNeeding([missingController('cpu')], 'as much CPU time as there are cores', async (t) => {
  const { threads } = cpuInfo();
  const [command, args] = commandInGroup(t, 'cpu', threads);
  t.equal((JSON.parse((await run(command, [...args, node, inference], { env })).stdout) as Report).threads, threads);
});

testNeeding([missingController('memory')], '256 MB: inference, training and evaluation', async (t) => {
  const [command, args] = commandInGroup(t, 'memory', memory);
  const inGroup = (...rest: string[]) => run(command, [...args, node, ...rest], { env });
  t.same((JSON.parse((await inGroup(inference)).stdout) as Report).logits, (await report()).logits);
  const out = join(t.testdir(), 'run');
  await inGroup(program, 'train', '--dataset', 'digits', '--limit', '500', '--epochs', '1', '--out', out);
  const { stdout } = await inGroup(
    program,
    'evaluate',
    '--weights',
    join(out, 'model.safetensors'),
    '--dataset',
    'digits',
    '--limit',
    '200',
  );
  t.match(stdout, /%/);
});

testNeeding([missingController('memory')], '256 MB: a server under bodies that never end', async (t) => {
  const [command, args] = commandInGroup(t, 'memory', memory);
  const options = ['--weights', 'resnet20-cifar10-8bit', '--port', '0', '--log-level', 'info'];
  const server = spawn(command, [...args, node, program, 'serve', ...options], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => server.kill('SIGKILL'));
  const url = await new Promise<URL>((resolve, reject) => {
    server.once('exit', (code, signal) => reject(new Error(`the server ended with ${code ?? signal}`)));
    createInterface({ input: server.stdout }).on('line', (line) => {
      const [, address] = /listening at (http:[^"]+)/.exec(line) ?? [];
      if (address !== undefined) resolve(new URL(address));
    });
  });
  const length = 8 << 20;
  const head = `POST /v2/models/resnet20-cifar10-8bit/classify HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${length}\r\n\r\n`;
  const attackers = Array.from({ length: 60 }, () => {
    const socket = connect(Number(url.port), url.hostname);
    socket.on('error', () => {});
    socket.write(head);
    socket.write(Buffer.alloc(length - 1));
    return socket;
  });
  t.teardown(() => {
    for (const socket of attackers) socket.destroy();
  });
  const pixels = new Uint8Array(32 * 32 * 3);
  for (let i = 0; i < 200; i++) {
    const response = await fetch(new URL('/v2/models/resnet20-cifar10-8bit/classify?width=32&height=32', url), {
      method: 'POST',
      body: pixels,
    });
    if (response.status !== 200) t.fail(await response.text());
  }
  t.equal(server.exitCode ?? server.signalCode, null, 'the server lives');
});
