// Every example, run as its first line says.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { load, models, save } from '../../dist';
import { Random } from '../../dist/random';

const examples = join(__dirname, '../../examples');
const directory = t.testdir();
const at = (name: string) => join(directory, name);
const weights = at('resnet20.safetensors');
const tried = new Set<string>();

function example(t: Test, name: string, ...args: string[]): string {
  tried.add(name);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(examples, name), ...args], { encoding: 'utf8' });
  t.equal(status, 0, stderr);
  return stdout;
}

/** An image of noise of one color. */
async function paint(path: string, [red, green, blue]: readonly [number, number, number], seed: number): Promise<void> {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: 40 * 40 * 3 }, (_, i) => [red, green, blue][i % 3]! * (0.6 + 0.4 * random.uniform()));
  await sharp(data, { raw: { width: 40, height: 40, channels: 3 } })
    .png()
    .toFile(path);
}

t.before(async () => {
  await save(models.resnet20({ seed: 1 }), weights);
  for (const [name, color] of Object.entries({ red: [255, 30, 30], sea: [20, 90, 255] } as const)) {
    mkdirSync(at(`images/${name}`), { recursive: true });
    for (let i = 0; i < 12; i++) await paint(at(`images/${name}/${i}.png`), color, i);
  }
});

t.test('classify-image', (t) => {
  const lines = example(t, 'classify-image.mjs', weights, at('images/red/0.png')).trim().split('\n');
  t.equal(lines.length, 5);
  for (const line of lines) t.match(line, /^ *\d+\.\d % {2}\w+$/);
  t.end();
});

t.test('train-image-folder', async (t) => {
  const output = example(t, 'train-image-folder.mjs', at('images'), at('trained.safetensors'), '2');
  t.match(output, /^epoch 1: loss \d\.\d+, \d+\.\d % of the held-out images\nepoch 2: /);
  t.same((await load(at('trained.safetensors'))).classNames, ['red', 'sea']);
});

t.test('fine-tune', async (t) => {
  t.match(example(t, 'fine-tune.mjs', weights, at('images'), at('tuned.safetensors'), '1'), /^epoch 1: loss \d/);
  const [before, after] = [await load(weights, { dtype: 'f32' }), await load(at('tuned.safetensors'), { dtype: 'f32' })];
  t.same(after.classNames, ['red', 'sea']);
  const filters = 'layer1.0.conv1.adder';
  t.same(after.stateDict().get(filters)?.data, before.stateDict().get(filters)?.data, 'the body is as it was');
});

t.test('worker-threads', (t) => {
  t.equal(example(t, 'worker-threads.mjs', weights, '3'), '480 images in 3 workers\n');
  t.end();
});

t.test('fastify-route', async (t) => {
  tried.add('fastify-route.mjs');
  const env = { ...process.env, WEIGHTS: weights, PORT: '0' };
  const server = spawn(process.execPath, [join(examples, 'fastify-route.mjs')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => server.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  const url = `http://127.0.0.1:${line.replace(/\D+/, '')}/classify`;
  const post = (body: Uint8Array) => fetch(url, { method: 'POST', headers: { 'content-type': 'image/png' }, body });
  const answer = await post(readFileSync(at('images/sea/0.png')));
  t.equal(answer.status, 200);
  t.match(await answer.json(), [{ probability: Number }, { probability: Number }, { probability: Number }]);
  const refused = await post(Buffer.from('no image'));
  t.equal(refused.status, 400);
  t.match(await refused.json(), { error: /it is text that begins with "no image"/ });
  server.kill('SIGTERM');
  t.same(await once(server, 'exit'), [0, null], 'ends when it is asked to');
});

t.test('lambda-handler', async (t) => {
  tried.add('lambda-handler.mjs');
  const body = JSON.stringify(readFileSync(at('images/red/1.png')).toString('base64'));
  const script = `
    const { handler } = await import(${JSON.stringify(pathToFileURL(join(examples, 'lambda-handler.mjs')))});
    console.log(JSON.stringify([await handler({ body: ${body}, isBase64Encoded: true }), await handler({ body: 'no', isBase64Encoded: true })]));`;
  const env = { ...process.env, WEIGHTS: weights };
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env });
  t.equal(stderr, '');
  const [answer, refused] = JSON.parse(stdout);
  t.equal(answer.statusCode, 200);
  t.equal(JSON.parse(answer.body).length, 3);
  t.equal(refused.statusCode, 400);
});

t.test('what is wrong is said in one line', async (t) => {
  const fails = (name: string, args: string[], message: RegExp) => {
    const { WEIGHTS: _, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(examples, name), ...args], { encoding: 'utf8', env });
    t.same({ status, stdout, lines: stderr.trim().split('\n').length }, { status: 1, stdout: '', lines: 1 }, stderr);
    t.match(stderr, message);
  };
  fails('lambda-handler.mjs', [], /^set the environment variable WEIGHTS/);
  fails('classify-image.mjs', [weights, 'missing.png'], /^cannot read the image 'missing.png'/);
  fails('classify-image.mjs', ['missing.safetensors', 'missing.png'], /^cannot read the weights file 'missing.safetensors'/);
});

t.test('all of them', (t) => {
  t.same(
    [...tried].sort(),
    readdirSync(examples)
      .filter((name) => name.endsWith('.mjs'))
      .sort(),
  );
  const readme = readFileSync(join(examples, 'README.md'), 'utf8');
  for (const name of tried) t.match(readme, `[${name}](${name})`);
  t.end();
});
