// Downloads, against a server of this machine: what is fetched, what is kept, and what happens when it goes wrong.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { openDataset } from '../../dist';
import { downloadDataset } from '../../dist/data/download';
import { officialSets } from '../../dist/data/official-files';
import { testNeeding } from '../support/needing';
import { dataFolder, missingData } from '../support/official-data';
import { program } from '../support/repository';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const content = Buffer.from('a file of a data set'.repeat(5000));
const set = (mirrors: string[], bytes = content) => ({
  mirrors,
  files: [{ name: 'images.gz', bytes: bytes.length, sha256: sha256(bytes) }],
});

/** tar headers by their format, checksum and all. */
function tar(files: Record<string, Buffer>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('000644 \0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\0', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const servers: Server[] = [];
t.teardown(() => {
  for (const server of servers) server.close().closeAllConnections();
});
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const folder = t.testdir();
let made = 0;
const fresh = () => join(folder, `to-${made++}`);

t.test('a file is fetched once, whole and checked', async (t) => {
  const asked: string[] = [];
  const url = await serve(({ url, headers }, response) => {
    asked.push(url!);
    t.equal(headers['accept-encoding'], 'identity', 'as it lies there');
    if (url === '/old/images.gz') response.writeHead(302, { location: '/new/images.gz' }).end();
    else response.writeHead(200, { 'content-length': content.length }).end(content);
  });
  const directory = fresh();
  const reported: number[] = [];
  const files = await downloadDataset(set([`${url}/old`]), directory, {
    onProgress: (file, bytes, total) => {
      t.same([file, total], ['images.gz', content.length]);
      reported.push(bytes);
    },
  });
  t.same(files, ['images.gz']);
  t.ok(readFileSync(join(directory, 'images.gz')).equals(content));
  t.same(asked, ['/old/images.gz', '/new/images.gz'], 'redirects are followed');
  t.equal(reported.at(-1), content.length);
  t.same(readdirSync(directory), ['images.gz'], 'nothing else is left');
  await downloadDataset(set([`${url}/old/`]), directory);
  t.equal(asked.length, 2, 'what is there is not fetched again');
  writeFileSync(join(directory, 'images.gz'), 'damaged');
  await downloadDataset(set([`${url}/new`]), directory);
  t.ok(readFileSync(join(directory, 'images.gz')).equals(content), 'what is damaged is');
});

t.test('the next mirror is asked where one fails', async (t) => {
  const broken = await serve((_, response) => response.writeHead(503).end());
  const good = await serve((_, response) => response.end(content));
  const directory = fresh();
  await downloadDataset(set([broken, good]), directory);
  t.ok(existsSync(join(directory, 'images.gz')));
});

t.test('failures are reported in a line, and leave nothing', async (t) => {
  const fails = async (mirrors: string[], code: string, message: RegExp) => {
    const directory = fresh();
    await t.rejects(downloadDataset(set(mirrors), directory), { code, message });
    t.same(readdirSync(directory), []);
  };
  const missing = await serve((_, response) => response.writeHead(404, 'Not Found').end());
  await fails(
    [missing],
    'ERR_NETWORK',
    /cannot fetch http.*images.gz: the server answered 404 Not Found.*mirror.*copy the file to .*images.gz/,
  );
  await fails([missing, missing], 'ERR_NETWORK', /1 other URLs failed, too/);
  const other = await serve((_, response) => response.end('something else'));
  await fails([other], 'ERR_CORRUPT', new RegExp(`has the SHA-256 ${sha256(Buffer.from('something else'))}, expected ${sha256(content)}`));
  const larger = await serve((_, response) => response.writeHead(200, { 'content-length': 1e12 }).write(content));
  await fails([larger], 'ERR_CORRUPT', /sends 1000000000000 bytes, expected the 100000 of images\.gz/);
  let sent = 0;
  const endless = await serve((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(content)) sent += content.length;
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
  await fails([endless], 'ERR_CORRUPT', /sends more bytes, expected the 100000 of images\.gz/);
  t.ok(sent < 50e6, 'the download ends as soon as it is too long');
  const dropped = await serve((_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1000), () => response.destroy());
  });
  await fails([dropped], 'ERR_NETWORK', /cannot fetch/);
  await fails(['http://127.0.0.1:9'], 'ERR_NETWORK', /cannot fetch http:\/\/127.0.0.1:9\/images.gz/);
  writeFileSync(join(folder, 'file'), '');
  await t.rejects(downloadDataset(set([other]), join(folder, 'file')), { code: 'ERR_ARGUMENT', message: /cannot create the folder/ });
});

t.test('a file that cannot be written is not blamed on the network', async (t) => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked++;
    response.end(content);
  });
  const directory = fresh();
  mkdirSync(join(directory, 'images.gz'), { recursive: true });
  await t.rejects(downloadDataset(set([url]), directory), { code: 'ERR_ARGUMENT', message: /cannot read '.*images.gz'.*EISDIR/ });
  const long = { ...set([url, url]).files[0]!, name: `${'x'.repeat(250)}.gz` };
  await t.rejects(downloadDataset({ mirrors: [url, url], files: [long] }, directory), {
    code: 'ERR_ARGUMENT',
    message: /cannot write the file '.*x.gz': ENAMETOOLONG/,
  });
  t.equal(asked, 0, 'and nothing is fetched that has no place');
  const archive = gzipSync(tar({ 'set/train.bin': Buffer.alloc(700, 1) }));
  const packed = await serve((_, response) => response.end(archive));
  mkdirSync(join(directory, 'train.bin'));
  await t.rejects(
    downloadDataset(
      { mirrors: [packed], files: [{ name: 'set.tar.gz', bytes: archive.length, sha256: sha256(archive) }], unpack: ['train.bin'] },
      directory,
    ),
    { code: 'ERR_ARGUMENT', message: /cannot write the file '.*train.bin'/ },
  );
});

t.test('downloads of the same file do not mix', async (t) => {
  const slow = await serve((_, response) => {
    response.write(content.subarray(0, 10));
    setTimeout(() => response.end(content.subarray(10)), 20);
  });
  const directory = fresh();
  await Promise.all([1, 2, 3].map(() => downloadDataset(set([slow]), directory)));
  t.ok(readFileSync(join(directory, 'images.gz')).equals(content));
  t.same(readdirSync(directory), ['images.gz']);
});

t.test('a signal stops it and leaves nothing', async (t) => {
  const controller = new AbortController();
  const endless = await serve((_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1000));
  });
  const directory = fresh();
  const other = await serve(() => t.fail('the next mirror is not asked'));
  const download = downloadDataset(set([endless, other]), directory, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  });
  await t.rejects(download, { message: 'enough' });
  t.same(readdirSync(directory), []);
  await t.rejects(downloadDataset(set([other]), directory, { signal: controller.signal }), { message: 'enough' });
});

t.test('archives give the files that belong to the data set, and no others', async (t) => {
  const members = { 'set/train.bin': Buffer.alloc(700, 1), '../../escaped.bin': Buffer.alloc(5), 'set/test.bin': Buffer.alloc(512, 2) };
  const archive = (bytes: Buffer) => ({
    mirrors: [],
    files: [{ name: 'set.tar.gz', bytes: bytes.length, sha256: sha256(bytes) }],
    unpack: ['train.bin', 'test.bin'],
  });
  const run = async (bytes: Buffer, unpack?: string[]) => {
    const url = await serve((_, response) => response.end(bytes));
    const directory = fresh();
    const found = await downloadDataset({ ...archive(bytes), ...(unpack && { unpack }) }, directory, { mirrors: [url] });
    return { directory, found };
  };
  const { directory, found } = await run(gzipSync(tar(members)));
  t.same(found, ['train.bin', 'test.bin']);
  t.same(readdirSync(directory).sort(), ['set.tar.gz', 'test.bin', 'train.bin']);
  t.ok(readFileSync(join(directory, 'train.bin')).equals(members['set/train.bin']));
  t.ok(readFileSync(join(directory, 'test.bin')).equals(members['set/test.bin']));
  const inside = await run(gzipSync(tar(members)), ['escaped.bin']);
  t.same(readdirSync(inside.directory).sort(), ['escaped.bin', 'set.tar.gz'], 'a path in the archive does not lead out of the folder');
  await t.rejects(run(gzipSync(tar(members)), ['labels.txt']), { code: 'ERR_CORRUPT', message: /does not contain labels.txt/ });
  await t.rejects(run(gzipSync(tar(members).subarray(0, 900))), { code: 'ERR_CORRUPT', message: /truncated/ });
  await t.rejects(run(Buffer.from('no gzip')), { code: 'ERR_CORRUPT', message: /not a gzip/ });
});

t.test('the official files are those this package reads', (t) => {
  for (const [name, { mirrors, files }] of Object.entries(officialSets)) {
    for (const mirror of mirrors) t.match(mirror, /^https?:\/\/.*\/$/, name);
    for (const file of files) t.match(file.sha256, /^[0-9a-f]{64}$/);
  }
  if (!missingData('mnist'))
    for (const { name, sha256: expected } of officialSets.mnist.files)
      t.equal(sha256(readFileSync(join(dataFolder('mnist'), name))), expected, name);
  t.end();
});

async function addernet(args: string[], interrupted?: AbortSignal): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args]);
  interrupted?.addEventListener('abort', () => child.kill('SIGINT'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const status: number | null = await new Promise((resolve) => child.on('close', resolve));
  return { status, stdout, stderr };
}

t.test('the command refuses what has another checksum', async (t) => {
  const url = await serve((_, response) => response.end('not what it should be'));
  const directory = fresh();
  const { status, stdout, stderr } = await addernet(['data', 'get', 'mnist', '--out', directory, '--url', url, '--json']);
  t.same({ status, stdout }, { status: 1, stdout: '' });
  t.match(
    stderr,
    /^addernet: download: .*train-images-idx3-ubyte.gz has the SHA-256 [0-9a-f]+, expected 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609[^\n]*\n$/,
  );
  t.same(readdirSync(directory), []);
  t.equal((await addernet(['data', 'get', 'imagenet'])).status, 2, 'wrong usage');
});

t.test('Ctrl-C ends the command and leaves nothing', { skip: process.platform === 'win32' && 'no signals there' }, async (t) => {
  const controller = new AbortController();
  const directory = fresh();
  const url = await serve((_, response) => {
    response.write('the first bytes of a file');
    setTimeout(() => controller.abort(), 50);
  });
  const { status, stdout, stderr } = await addernet(['data', 'get', 'cifar10', '--out', directory, '--url', url], controller.signal);
  t.same({ status, stdout }, { status: 130, stdout: '' });
  t.match(stderr, /^addernet: stopped; run the same command [^\n]*\n$/);
  t.same(readdirSync(directory), []);
});

testNeeding([missingData('mnist')], 'the command fetches the official files', async (t) => {
  const url = await serve((request, response) => response.end(readFileSync(join(dataFolder('mnist'), request.url!))));
  const directory = fresh();
  const { status, stdout, stderr } = await addernet(['data', 'get', 'mnist', '--out', directory, '--url', url, '--json']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  t.match(JSON.parse(stdout), {
    dataset: 'mnist',
    directory,
    files: officialSets.mnist.files.map(({ name }) => name),
    bytes: 11_594_722,
  });
  t.equal(openDataset('mnist', directory, 'test').length, 10_000, 'and they open');
  const again = await addernet(['data', 'get', 'mnist', '--out', directory, '--url', 'http://127.0.0.1:9']);
  t.same([again.status, again.stderr], [0, ''], 'what is there needs no network');
  t.match(again.stdout, /4 files, 11.6 MB\naddernet train --dataset mnist --data /);
});
