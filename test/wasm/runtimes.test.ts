// addernet/wasm in real runtimes: all give the same logits, to the last bit, and those are the addon's.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import { type Classification, compile, cpuInfo, load } from '../../dist';
import { missingBrowser, openPage } from '../support/browser';
import { useIsa } from '../support/cpu-settings';
import { testNeeding } from '../support/needing';
import { library, repository } from '../support/repository';
import { bun, deno, entryFile, missingModule } from './built';
import { checkClasses } from './classes';
import { smooth } from './images';
import { imagesOf, serving } from './server';

type Logits = Record<string, number[]>;

const main = join(repository, 'test/wasm/page/main.mjs');
const execute = promisify(execFile);

/** What a program prints as JSON. */
async function printed(program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Logits> {
  const own = { ADDERNET_ISA: '', ADDERNET_BYTE_ADDER: '', NODE_OPTIONS: '', NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  const { stdout } = await execute(program, args, { env: { ...process.env, ...own, ...env }, maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

const results = new Map<string, Logits>();

/** Every runtime is held against the first one. */
function check(t: Test, runtime: string, logits: Logits): void {
  t.same(Object.keys(logits), Object.keys(imagesOf));
  for (const values of Object.values(logits)) t.ok(values.length >= 40 && new Set(values).size > 20 && values.every(Number.isFinite));
  const [first] = results;
  results.set(runtime, logits);
  if (first) for (const name of Object.keys(imagesOf)) t.same(logits[name], first[1][name], `${name}: ${runtime} as ${first[0]}`);
}

testNeeding([missingModule], 'Node', async (t) => {
  const server = await serving(t);
  check(t, 'Node', await printed(process.execPath, [main, entryFile, server]));
  const chosen = [main, entryFile, server, `${server}wasm/addernet.wasm`];
  check(t, 'Node, the module from the network', await printed(process.execPath, chosen));
});

testNeeding([missingModule], 'Node without addons, through the main entry', async (t) => {
  const args = ['--no-addons', '--no-warnings', main, library, await serving(t)];
  check(t, 'the main entry', await printed(process.execPath, args));
});

testNeeding([missingModule, deno.missing], 'Deno, from the network', async (t) => {
  const server = await serving(t);
  const { host } = new URL(server);
  const permissions = [`--allow-net=${host}`, `--allow-import=${host}`];
  const env = { DENO_DIR: t.testdir(), DENO_NO_UPDATE_CHECK: '1' };
  check(
    t,
    'Deno',
    await printed(deno.program, ['run', '--no-lock', ...permissions, `${server}page/main.mjs`, `${server}wasm/index.mjs`, server], env),
  );
});

testNeeding([missingModule, deno.missing], 'Deno, from files', async (t) => {
  const server = await serving(t);
  const permissions = [`--allow-net=${new URL(server).host}`, '--allow-read', '--cached-only', '--no-lock'];
  const env = { DENO_DIR: t.testdir(), DENO_NO_UPDATE_CHECK: '1' };
  check(t, 'Deno of files', await printed(deno.program, ['run', ...permissions, main, pathToFileURL(entryFile).href, server], env));
});

testNeeding([missingModule, bun.missing], 'Bun', async (t) => {
  check(t, 'Bun', await printed(bun.program, [main, entryFile, await serving(t)]));
});

testNeeding([missingModule, missingBrowser], 'Chromium: a page, its worker, and images that the browser decodes', async (t) => {
  const server = await serving(t);
  const { page, complaints, close } = await openPage(`${server}page.html`);
  t.teardown(close);
  const [entry, script] = [`${server}wasm/index.mjs`, `${server}page/logits.mjs`];
  check(t, 'Chromium', await evaluated(page, `(async () => (await import('${script}')).logits(await import('${entry}'), '${server}'))()`));
  const answer = await evaluated<{ logits: Logits; error?: string }>(
    page,
    `new Promise((resolve, reject) => {
      const worker = new Worker('${server}page/worker.mjs', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ library: '${entry}', server: '${server}' });
    })`,
  );
  t.equal(answer.error, undefined);
  check(t, "Chromium's worker", answer.logits);

  const session = await compile(await load('resnet20-cifar10-8bit'));
  t.teardown(() => session.dispose());
  await page.evaluate(`(async () => {
    const { compile, load } = await import('${entry}');
    window.session = await compile(await load('${server}models/resnet20-cifar10-8bit.safetensors'));
    window.bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  })()`);
  for (const [what, image] of Object.entries(await files())) {
    const bytes = `bytesOf('${image.toString('base64')}')`;
    const native = await session.classify(image);
    const classes = await evaluated<Classification[]>(page, `session.classify(${bytes})`);
    checkClasses(t, classes, native, what);
    t.same(await evaluated(page, `session.classify(new Blob([${bytes}]))`), classes, `${what} as a Blob`);
    t.same(await evaluated(page, `session.classify('data:;base64,${image.toString('base64')}')`), classes, `${what} by its URL`);
    t.match(await evaluated(page, codeOf(`session.classify(${bytes}, { maxPixels: 10799 })`)), 'ERR_ARGUMENT');
  }
  t.equal(await evaluated(page, codeOf('session.classify(new Uint8Array(20))')), 'ERR_FORMAT');
  t.same(complaints, []);
});

testNeeding([missingModule], 'the addon has the same logits', async (t) => {
  const [first] = results;
  const native = async () => {
    const logits: Logits = {};
    for (const [name, images] of Object.entries(imagesOf)) {
      const session = await compile(await load(name));
      logits[name] = [...(await session.run(session.normalize(images))).data];
      session.dispose();
    }
    return logits;
  };
  const isBytes = (name: string) => name.endsWith('-8bit');
  for (const [name, values] of Object.entries(await native())) {
    const distance = Math.max(...values.map((value, i) => Math.abs(value - first![1][name]![i]!)));
    t.ok(distance <= (isBytes(name) ? 1e-5 : 1e-3), `${name}, ${cpuInfo().isa}: ${distance}`);
  }
  if (!cpuInfo().supported.includes('sse41')) return;
  useIsa(t, 'sse41');
  for (const [name, values] of Object.entries(await native())) t.same(values, first![1][name], `${name}, sse41`);
});

/** Images in files: what sharp and the browser make of them differs by a level here and there, and by their scaling. */
async function files(): Promise<Record<string, Buffer>> {
  const image = smooth(120, 90);
  return { png: await image.clone().png().toBuffer(), jpeg: await image.jpeg({ quality: 95 }).toBuffer() };
}

const codeOf = (code: string) => `${code}.then(() => 'none', ({ code }) => code)`;
const evaluated = <T = Logits>(page: Page, code: string): Promise<T> => page.evaluate(code);
