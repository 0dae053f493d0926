// The Worker of examples/cloudflare-worker in workerd, the runtime of Cloudflare.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import sharp, { type Sharp } from 'sharp';
import type { Test } from 'tap';
import { type Classification, compile, load } from '../../dist';
import { testNeeding } from '../support/needing';
import { repository } from '../support/repository';
import { missingModule, workerd } from './built';
import { checkClasses } from './classes';
import { smooth } from './images';
import { imagesOf } from './server';

const example = join(repository, 'examples/cloudflare-worker');

/** The example as if its packages were installed, bundled as wrangler does. */
async function bundled(t: Test, name = 'resnet20-cifar10-8bit'): Promise<string> {
  // Outside of the repository, whose packages would be found.
  const root = mkdtempSync(join(tmpdir(), 'addernet-worker-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  cpSync(example, root, { recursive: true });
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  for (const [name, folder] of Object.entries({
    addernet: repository,
    'fast-png': join(repository, 'node_modules/fast-png'),
    'jpeg-js': join(repository, 'node_modules/jpeg-js'),
  }))
    symlinkSync(folder, join(root, 'node_modules', name), 'junction');
  const main = join(root, 'src/index.js');
  writeFileSync(main, readFileSync(main, 'utf8').replace('resnet20-cifar10-8bit', name));
  await build({
    entryPoints: [main],
    outdir: join(root, 'out'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy', '.safetensors': 'copy' },
    logLevel: 'warning',
  });
  return join(root, 'out');
}

/** The size of all files together, and that of each gzipped. */
function sizesOf(folder: string): { plain: number; gzipped: number; text: string } {
  const files = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  const sum = (sizes: number[]) => sizes.reduce((a, b) => a + b);
  const [plain, gzipped] = [sum(files.map(({ bytes }) => bytes.length)), sum(files.map(({ bytes }) => gzipSync(bytes).length))];
  const text = files.map(({ name, bytes }) => `${name} ${bytes.length}, gzipped ${gzipSync(bytes).length}`).join('; ');
  return { plain, gzipped, text: `${plain} bytes, gzipped ${gzipped}: ${text}` };
}

/** Starts workerd with the files of a bundle as its modules, and gives its URL. It ends with the test. */
async function serving(t: Test, folder: string): Promise<string> {
  const kinds: Record<string, string> = { js: 'esModule', wasm: 'wasm', safetensors: 'data' };
  const files = readdirSync(folder).sort((a, b) => Number(b === 'index.js') - Number(a === 'index.js')); // the first one is the main module
  const modules = files.map((name) => `(name = "${name}", ${kinds[name.split('.').at(-1)!]} = embed "${name}")`);
  const [, date] = /^compatibility_date = "(.+)"$/m.exec(readFileSync(join(example, 'wrangler.toml'), 'utf8'))!;
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [${modules.join(', ')}], compatibilityDate = "${date}"))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);`,
  );
  const args = ['serve', '--control-fd=3', join(folder, 'config.capnp')];
  const child = spawn(workerd.program, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdio[3] as Readable }), 'line')) as [string];
  return `http://127.0.0.1:${JSON.parse(line).port}/`;
}

const colors = imagesOf['resnet20-cifar10-8bit']!.subarray(0, 32 * 32 * 3);
/** Files of every kind of pixels that the decoders know, of the network's size. */
async function files(): Promise<Record<string, Buffer>> {
  const image = sharp(colors, { raw: { width: 32, height: 32, channels: 3 } });
  const gray = () => image.clone().grayscale().toColourspace('b-w');
  const fading = sharp(Buffer.from(Array.from({ length: 32 * 32 }, (_, i) => 8 * (i % 32))), {
    raw: { width: 32, height: 32, channels: 1 },
  });
  const opacity = await fading.png().toBuffer();
  const pipelines: Record<string, Sharp> = {
    png: image.clone().png(),
    'a png of a palette': image.clone().png({ palette: true }),
    'a png of 4 bits': image.clone().png({ palette: true, colours: 16 }),
    'a png of 2 bits': image.clone().png({ palette: true, colours: 4 }),
    'a png of 1 bit': image.clone().png({ palette: true, colours: 2 }),
    'a png of 16 bits': image.clone().toColourspace('rgb16').png(),
    'an interlaced png': image.clone().png({ progressive: true }),
    'a gray png': gray().png(),
    'a gray png of 16 bits': image.clone().grayscale().toColourspace('grey16').png(),
    'a png with opacity': image.clone().joinChannel(opacity).png(),
    'a gray png with opacity': gray().joinChannel(opacity).png(),
    'a png of a palette with opacity': image.clone().joinChannel(opacity).png({ palette: true }),
    jpeg: image.clone().jpeg({ quality: 95 }),
    'a progressive jpeg': image.clone().jpeg({ quality: 95, progressive: true }),
    'a gray jpeg': gray().jpeg({ quality: 95 }),
  };
  const encoded = Object.entries(pipelines).map(async ([name, pipeline]) => [name, await pipeline.toBuffer()] as const);
  return Object.fromEntries(await Promise.all(encoded));
}

function chunk(type: string, data: Uint8Array): Buffer {
  const parts = [Buffer.alloc(4), Buffer.from(type), data, Buffer.alloc(4)] as const;
  parts[0].writeUInt32BE(data.length);
  parts[3].writeUInt32BE(crc32(Buffer.concat([parts[1], data])));
  return Buffer.concat(parts);
}

/** A PNG of any kind, which need not be right. */
function png(width: number, height: number, [depth, color]: readonly [number, number], rows: Uint8Array, transparency?: number[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, color], 8);
  const keys = transparency ? [chunk('tRNS', Uint8Array.from(transparency))] : [];
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), ...keys, chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** PNG files that sharp reads but does not write. */
function rarePngs(): Record<string, Buffer> {
  const rows = (bytes: number, level: (x: number) => number = (x) => colors[x % colors.length]!) =>
    Uint8Array.from({ length: 32 * (bytes + 1) }, (_, i) => (i % (bytes + 1) === 0 ? 0 : level(i)));
  return {
    'gray, 1 bit': png(32, 32, [1, 0], rows(4)),
    'gray, 2 bits': png(32, 32, [2, 0], rows(8)),
    'gray, 4 bits': png(32, 32, [4, 0], rows(16)),
    'gray, a transparent level of 4 bits': png(32, 32, [4, 0], rows(16), [0, 5]),
    'gray, a transparent level': png(
      32,
      32,
      [8, 0],
      rows(32, (i) => 4 * (i % 64)),
      [0, 128],
    ),
    'gray and opacity': png(32, 32, [8, 4], rows(64)),
    'gray and opacity, 16 bits': png(32, 32, [16, 4], rows(128)),
    'a transparent color': png(
      32,
      32,
      [8, 2],
      rows(96, (i) => (i % 5 < 2 ? 7 : 250)),
      [0, 7, 0, 7, 0, 7],
    ),
  };
}

testNeeding([missingModule], 'how large the Worker is', async (t) => {
  const readme = readFileSync(join(example, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ');
  for (const name of ['resnet20-cifar10-8bit', 'resnet20-cifar10-2x2-8bit']) {
    const { plain, gzipped, text } = sizesOf(await bundled(t, name));
    t.comment(`${name}: ${text}`);
    t.ok(gzipped <= 600_000, `${name}: ${gzipped} bytes`);
    const isSaid = [...readme.matchAll(/(\d+) kB, (\d+) kB gzipped/g)].some(([, ...kilobytes]) =>
      [plain, gzipped].every((bytes, i) => Math.abs(1000 * Number(kilobytes[i]) - bytes) <= 0.02 * bytes),
    );
    t.ok(isSaid, `README.md says so: ${plain}, ${gzipped}`);
  }
});

testNeeding([missingModule, workerd.missing], 'the Worker classifies as the addon does', async (t) => {
  const url = await serving(t, await bundled(t));
  const session = await compile(await load('resnet20-cifar10-8bit'));
  t.teardown(() => session.dispose());
  const answer = async (body: Uint8Array, query = '') => {
    const response = await fetch(url + query, { method: 'POST', body: body as Uint8Array<ArrayBuffer> });
    t.equal(response.status, 200);
    return (await response.json()) as Classification[];
  };
  const size = { width: 32, height: 32 };
  const gray = colors.subarray(0, 32 * 32);
  const opaque = Uint8Array.from({ length: 4 * 32 * 32 }, (_, i) => (i % 4 === 3 ? 255 : colors[3 * Math.floor(i / 4) + (i % 4)]!));
  for (const [what, data] of Object.entries({ colors, gray, opaque })) {
    const native = await session.classify({ data: what === 'opaque' ? colors : data, ...size });
    checkClasses(t, await answer(data, '?width=32&height=32'), native, what, 1e-5);
  }
  for (const [what, file] of Object.entries({ ...(await files()), ...rarePngs() })) {
    checkClasses(t, await answer(file), await session.classify(file), what, what.endsWith('jpeg') || what.includes('opacity') ? 0.1 : 1e-5);
  }
  const odd = await smooth(45, 37).png({ palette: true, colours: 4, dither: 0 }).toBuffer();
  checkClasses(t, await answer(odd), await session.classify(odd), 'rows that end within a byte');
  const full = await smooth(1920, 1080).png().toBuffer();
  const started = performance.now();
  checkClasses(t, await answer(full), await session.classify(full), 'full HD');
  t.comment(`full HD: ${Math.round(performance.now() - started)} ms`);

  const [one] = await Promise.all(Array.from({ length: 20 }, () => answer(colors, '?width=32&height=32')));
  t.equal(one!.length, 3, 'many at once');
  t.equal((await answer(new Uint8Array(2 ** 21), `?width=1&height=${2 ** 21}`)).length, 3, 'of a long image only the middle is scaled');
});

testNeeding([missingModule, workerd.missing], 'the Worker refuses what is wrong', async (t) => {
  const url = await serving(t, await bundled(t));
  const help = await fetch(url);
  t.equal(help.status, 200);
  t.match(await help.text(), /^POST a PNG .*\n$/);
  t.equal((await fetch(url, { method: 'DELETE' })).status, 405);
  const refused = async (body: Uint8Array, status: number, code: string, message: RegExp, query = '') => {
    const response = await fetch(url + query, { method: 'POST', body: body as Uint8Array<ArrayBuffer> });
    const answer = (await response.json()) as { error: string; code: string };
    t.match({ status: response.status, ...answer }, { status, code, error: message });
  };
  const { png: file, jpeg } = (await files()) as { png: Buffer; jpeg: Buffer };
  const corrupt = (body: Uint8Array, message: RegExp) => refused(body, 400, 'ERR_CORRUPT', message);
  await refused(new Uint8Array(), 400, 'ERR_FORMAT', /neither a PNG nor a JPEG/);
  await refused(Buffer.from('no image'), 400, 'ERR_FORMAT', /neither a PNG nor a JPEG/);
  await corrupt(file.subarray(0, 20), /PNG/);
  await corrupt(file.subarray(0, file.length / 2), /PNG/);
  await corrupt(Buffer.concat([file.subarray(0, 60), Buffer.alloc(file.length - 60)]), /PNG/);
  await corrupt(jpeg.subarray(0, 4), /JPEG/);
  await corrupt(jpeg.subarray(0, jpeg.length / 2), /JPEG/);
  const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
  await corrupt(Buffer.concat([jpeg.subarray(0, scan), ...Array(33).fill(jpeg.subarray(scan))]), /more than 32 scans/);
  const frames = jpeg.subarray(jpeg.indexOf(Buffer.from([0xff, 0xc0])));
  const one = frames.subarray(0, 2 + frames.readUInt16BE(2));
  await corrupt(Buffer.concat([jpeg.subarray(0, 2), ...Array(8).fill(one), jpeg.subarray(2)]), /more than 8 frames/);
  await refused(png(50_000, 50_000, [8, 2], Buffer.alloc(9)), 400, 'ERR_ARGUMENT', /50000 x 50000 are more than 2097152 pixels/);
  await corrupt(png(32, 32, [8, 2], Buffer.alloc(1 << 28)), /more pixels than its size says/);
  await corrupt(png(32, 32, [8, 2], Buffer.alloc(9)), /cut off/);
  await corrupt(png(32, 32, [8, 7], Buffer.alloc(1 << 28)), /PNG/);
  /** A PNG with chunks behind its header. */
  const withChunks = (kind: readonly [number, number], chunks: Buffer) => {
    const bytes = png(32, 32, kind, Buffer.alloc(33 * 32));
    return Buffer.concat([bytes.subarray(0, 33), chunks, bytes.subarray(33)]);
  };
  await corrupt(withChunks([8, 3], chunk('PLTE', Buffer.alloc(3 * 257))), /more than 256 colors/);
  for (const type of ['IDAT', 'PLTE', 'tEXt']) {
    const many = Buffer.concat(Array(2 ** 14).fill(chunk(type, new Uint8Array())));
    await corrupt(withChunks([8, 0], many), /more than 16384 chunks/);
  }
  await corrupt(png(32, 32, [3, 2], Buffer.alloc(32 * 13)), /PNG/);
  const large = Buffer.from(jpeg);
  const frame = large.indexOf(Buffer.from([0xff, 0xc0]));
  large.set([0xff, 0xff, 0xff, 0xff], frame + 5);
  await refused(large, 400, 'ERR_ARGUMENT', /65535 x 65535 are more than 2097152 pixels/);
  await refused(new Uint8Array(2 ** 23 + 1), 413, 'ERR_ARGUMENT', /more than 8388608 bytes/);
  await refused(colors, 400, 'ERR_ARGUMENT', /has 3072 bytes, expected 31 x 32 pixels/, '?width=32&height=31');
  await refused(colors, 400, 'ERR_ARGUMENT', /height of the image is 0/, '?width=32');
  await refused(colors, 400, 'ERR_ARGUMENT', /width of the image is NaN/, '?width=wide&height=32');
  await refused(new Uint8Array(2 ** 22), 400, 'ERR_ARGUMENT', /more than 2097152 pixels/, '?width=2048&height=2048');
  t.equal((await fetch(url)).status, 200, 'it is still there');
});
