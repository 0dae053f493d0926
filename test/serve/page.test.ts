// The page of the server, in a browser: drawing, dropping and opening images, with mouse, keyboard and on a phone; the server's networks, and the
// bundled ones in the browser.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import t from 'tap';
import { generateDigits } from '../../dist';
import { pretrainedModels } from '../../dist/models';
import { missingBrowser, openPage } from '../support/browser';
import { testNeeding } from '../support/needing';
import { repository } from '../support/repository';
import { bytes, float, running } from '../support/running-server';

const missingModule = !existsSync(join(repository, 'dist/wasm/addernet.wasm')) && 'there is no dist/wasm/addernet.wasm: npm run build:wasm';

/** A digit, dark on white paper, as a PNG. */
async function imageOf(digit: number): Promise<Buffer> {
  const digits = generateDigits(50, 1);
  const place = digits.targets(0, 50).indexOf(digit);
  const pixels = digits.images(place, place + 1).data.map((v) => 255 - v);
  const png = sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } }).resize(300, 300);
  return await png.png().toBuffer();
}

const answer = (page: Page) => page.locator('#classes li').first().textContent();
const waitForAnswer = (page: Page, name: number | string) =>
  page.locator('#classes li:first-child', { hasText: new RegExp(`^${name}`) }).waitFor({ timeout: 20_000 });
const drop = (png: Buffer) => `{
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob('${png.toString('base64')}'), (c) => c.charCodeAt(0))], 'digit.png'));
  document.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer }));
}`;

testNeeding([missingBrowser], 'draw, drop, see the answer', async (t) => {
  const { url } = await running(t);
  const { page, complaints, close } = await openPage(url);
  t.teardown(close);
  await page.waitForSelector('#model option', { state: 'attached' });
  t.same(await page.locator('#model option').allTextContents(), [float, bytes]);
  await waitForAnswer(page, 3);
  await page.locator('#digits').getByText('Clear').click();
  t.equal(await page.locator('#classes li').count(), 0);

  const { x, y, width } = (await page.locator('#pad').boundingBox())!;
  await page.mouse.move(x + 0.53 * width, y + 0.2 * width);
  await page.mouse.down();
  await page.mouse.move(x + 0.48 * width, y + 0.8 * width, { steps: 10 });
  await page.mouse.up();
  await page.waitForSelector('#times tbody:not(:has(.pending)) tr');
  t.match(await answer(page), /^1/, 'a line is a one');
  t.equal(await page.locator('#classes li').count(), 5);
  const rows = await page.locator('#times tbody tr').allTextContents();
  t.match(rows[0], /^Float lenet5-bn-mnist1\d+\.\d\d ms\d+\.\d ms$/);
  t.match(rows[1], /^8 bits lenet5-bn-mnist-8bit1\d+\.\d\d ms\d+\.\d ms$/);

  for (const digit of [7, 0, 3]) {
    await page.evaluate(drop(await imageOf(digit)));
    await waitForAnswer(page, digit);
  }
  t.pass('dropped images of 7, 0 and 3');
  await page.setInputFiles('#file', { name: 'four.png', mimeType: 'image/png', buffer: await imageOf(4) });
  await waitForAnswer(page, 4);
  t.pass('opened an image of 4');
  await page.setInputFiles('#file', { name: 'four.png', mimeType: 'image/png', buffer: Buffer.from('not an image') });
  await page.locator('#error', { hasText: /“four.png” is not an image/ }).waitFor();
  t.same(complaints, []);
});

testNeeding([missingBrowser, missingModule], 'networks of the server and of the browser', async (t) => {
  const { url } = await running(t, { weights: [bytes, 'colors=resnet20-cifar10-8bit'] });
  const { page, complaints, close } = await openPage(url);
  t.teardown(close);
  await waitForAnswer(page, 3);
  const asked: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && asked.push(request.url()));
  await page.selectOption('#model', 'colors');
  await waitForAnswer(page, 'ship');
  t.equal(await page.locator('#photos-tab').getAttribute('aria-selected'), 'true', 'a network of color images takes photos');
  t.match(await page.locator('#times').textContent(), /8 bits colorsship/);
  t.match(await page.locator('#privacy').textContent(), /images are sent/);
  t.ok(asked.length > 0);

  await page.getByLabel('This browser').check();
  await page.locator('#times tbody', { hasText: 'resnet20-cifar10-conv' }).waitFor();
  t.match(await page.locator('#privacy').textContent(), /no image leaves it/);
  t.notOk(await page.locator('#model').isVisible());
  await page.waitForSelector('#times tbody:not(:has(.pending)) tr', { timeout: 30_000 });
  asked.length = 0;
  await page.locator('#photo-samples button[title=frog]').click();
  await waitForAnswer(page, 'frog');
  await page.locator('#digits-tab').click();
  await waitForAnswer(page, 3);
  t.same(asked, [], 'no image leaves the browser');

  await page.getByLabel('Server').check();
  await page.locator('#times tbody', { hasText: /^8 bits lenet5-bn-mnist-8bit3\d/ }).waitFor();
  t.ok(await page.locator('#model').isVisible());
  t.same(complaints, []);
});

testNeeding([missingBrowser], 'without a network for photos', async (t) => {
  const { url } = await running(t);
  const { page, close } = await openPage(url);
  t.teardown(close);
  await waitForAnswer(page, 3);
  await page.locator('#photos-tab').click();
  await page.locator('#error', { hasText: 'The server has no network for color images' }).waitFor();
  await page.locator('#digits-tab').click();
  await waitForAnswer(page, 3);
  t.equal(await page.locator('#error').textContent(), '');
});

testNeeding([missingBrowser], 'with the keyboard alone', async (t) => {
  const { url } = await running(t);
  const { page, complaints, close } = await openPage(url);
  t.teardown(close);
  await waitForAnswer(page, 3);
  const focused = () => page.evaluate('document.activeElement.dataset.action || document.activeElement.id');
  while ((await focused()) !== 'clear') await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  while ((await focused()) !== 'pad') await page.keyboard.press('Shift+Tab');
  for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Space');
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.waitForSelector('#classes li');
  t.match(await answer(page), /^1/);
  t.same(complaints, []);
});

testNeeding([missingBrowser], 'on a phone, with a token', async (t) => {
  const { url } = await running(t, { token: 'secret' });
  const { page, complaints, close } = await openPage(url, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  t.teardown(close);
  await page.waitForSelector('#token', { state: 'visible' });
  await page.locator('#error', { hasText: 'token' }).waitFor();
  await page.fill('#token', 'wrong');
  await page.keyboard.press('Enter');
  await setTimeout(200);
  t.match(await page.locator('#error').textContent(), /does not accept this token/);
  t.ok(await page.locator('#token').isVisible());
  await page.fill('#token', 'secret');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#model option', { state: 'attached' });
  t.equal(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0, 'nothing is truncated');
  await waitForAnswer(page, 3);
  t.notOk(await page.locator('#token').isVisible());
  await page.locator('#digits').getByText('Clear').tap();
  await page.locator('#pad').tap();
  await page.waitForSelector('#classes li');
  t.same(
    complaints.filter((text) => !/401/.test(text)),
    [],
    'but for what a token was missing for',
  );
});

testNeeding([missingBrowser], 'while no network of the server is ready', async (t) => {
  const { url } = await running(t);
  const { page, complaints, close } = await openPage('about:blank');
  t.teardown(close);
  await page.route('**/v2/repository/index', (route) => route.fulfill({ json: [{ name: float, state: 'UNAVAILABLE', reason: 'broken' }] }));
  await page.goto(url);
  await page.locator('#error', { hasText: /None of the server.s networks is ready/ }).waitFor();
  await page.unroute('**/v2/repository/index');
  await page.reload();
  await waitForAnswer(page, 3);
  t.same(complaints, []);
});

t.test('its files, and no others', async (t) => {
  const { url } = await running(t, { token: 'secret', weights: [`served=${join(repository, 'models', `${float}.safetensors`)}`] });
  const page = await fetch(url);
  t.equal(page.status, 200);
  t.match(page.headers.get('content-type'), /^text\/html/);
  const policy = page.headers.get('content-security-policy')!;
  t.notMatch(policy, /unsafe-inline|'unsafe-eval'|\*|https?:/);
  for (const directive of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'", "frame-ancestors 'none'"])
    t.ok(policy.split('; ').includes(directive), directive);
  t.match(await page.text(), /<meta name="addernet-server" content="/);
  for (const [path, type] of Object.entries({
    '/demo.js': /^text\/javascript/,
    '/worker.js': /^text\/javascript/,
    '/demo.css': /^text\/css/,
    '/samples/ship.svg': /^image\/svg\+xml/,
    ...(missingModule ? {} : { '/dist/wasm/index.mjs': /^text\/javascript/, '/dist/wasm/addernet.wasm': /^application\/wasm/ }),
  })) {
    const { status, headers } = await fetch(url + path);
    t.equal(status, 200, path);
    t.match(headers.get('content-type'), type);
    t.equal(headers.get('content-security-policy'), policy);
    t.equal(headers.get('x-content-type-options'), 'nosniff');
  }
  if (!missingModule) for (const name of pretrainedModels()) t.equal((await fetch(`${url}/models/${name}.safetensors`)).status, 200, name);
  for (const path of [
    '/models/served.safetensors',
    '/models/README.md',
    '/dist/index.js',
    '/dist/wasm/..%2findex.js',
    '/package.json',
    '/samples',
  ])
    t.equal((await fetch(url + path)).status, 401, path);
});
