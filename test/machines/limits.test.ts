// Less than a machine has: one core, half of one, 256 MB. The same bits, no more threads than are of use, no crash.
import { execFile, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import sharp from 'sharp';
import type { Test } from 'tap';
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
  const server = await serverInGroup(t);
  const { host, hostname, port } = server.url;
  const length = 8 << 20;
  const head = `POST ${classify} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n`;
  const attackers = Array.from({ length: 60 }, () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(head);
    socket.write(Buffer.alloc(length - 1));
    return socket;
  });
  t.teardown(() => {
    for (const socket of attackers) socket.destroy();
  });
  for (let i = 0; i < 200; i++) await server.answersPixels();
  t.equal(server.end(), null, 'the server lives');
});

testNeeding([missingController('memory')], '256 MB: a server of large images of every format', async (t) => {
  const server = await serverInGroup(t);
  const image = (width: number, height: number, channels: 3 | 4 = 4) =>
    sharp({ create: { width, height, channels, background: { r: 40, g: 90, b: 140, alpha: 0.5 } } });
  const images: Record<string, sharp.Sharp> = {
    jpeg: image(5000, 4800).jpeg(),
    png: image(5000, 4800).png(),
    'progressive jpeg': image(2000, 1600).toColourspace('cmyk').jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
    'interlaced png': image(2000, 1600).toColourspace('rgb16').png({ progressive: true }),
    gif: image(3000, 2200).gif({ effort: 1 }),
    webp: image(3000, 2200).webp({ lossless: true, effort: 0 }),
    tiff: image(1200, 850).tiff({ compression: 'deflate', tile: true, tileWidth: 1024, tileHeight: 1024 }),
    avif: image(1200, 850).avif({ effort: 0, chromaSubsampling: '4:4:4', bitdepth: 12 }),
  };
  const tooLarge: Record<string, sharp.Sharp> = {
    'interlaced png': image(5000, 4800).png({ progressive: true }),
    'progressive jpeg': image(5000, 4800, 3).jpeg({ progressive: true }),
    avif: image(2000, 2000, 3).avif({ effort: 0 }),
  };
  const upload = async (images: Record<string, sharp.Sharp>, copies: number) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(images).map(async ([name, image]) => {
          const body = await image.toBuffer();
          const post = async () => (await fetch(new URL(classify, server.url), { method: 'POST', body })).status;
          return [name, await Promise.all(Array.from({ length: copies }, post))] as const;
        }),
      ),
    );
  const uploads = Promise.all([upload(images, 4), upload(tooLarge, 1)]);
  for (let i = 0; i < 50; i++) await server.answersPixels();
  const [fitting, refused] = await uploads;
  t.equal(server.end(), null, 'the server lives');
  for (const [name, statuses] of Object.entries(fitting)) t.same(statuses, [200, 200, 200, 200], name);
  for (const [name, statuses] of Object.entries(refused)) t.same(statuses, [413], name);
});

const name = 'resnet20-cifar10-8bit';
const classify = `/v2/models/${name}/classify`;

/** A server in a group of 256 MB, until the test ends. */
async function serverInGroup(t: Test) {
  const [command, args] = commandInGroup(t, 'memory', memory);
  const options = ['--weights', name, '--port', '0', '--log-level', 'info', '--timeout', '60000'];
  const server = spawn(command, [...args, node, program, 'serve', ...options], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => server.kill('SIGKILL'));
  const url = await new Promise<URL>((resolve, reject) => {
    server.once('exit', (code, signal) => reject(new Error(`the server ended with ${code ?? signal}`)));
    createInterface({ input: server.stdout }).on('line', (line) => {
      const [, address] = /listening at (http:[^"]+)/.exec(line) ?? [];
      if (address !== undefined) resolve(new URL(address));
    });
  });
  const pixels = new Uint8Array(32 * 32 * 3);
  return {
    url,
    end: () => server.exitCode ?? server.signalCode,
    async answersPixels() {
      const response = await fetch(new URL(`${classify}?width=32&height=32`, url), { method: 'POST', body: pixels });
      if (response.status !== 200) t.fail(await response.text());
    },
  };
}
