// The page of the server, in a browser: drawing, dropping and opening images, with mouse, keyboard and on a phone.
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { generateDigits } from '../../dist';
import { missingBrowser, openPage } from '../support/browser';
import { testNeeding } from '../support/needing';
import { bytes, float, running } from '../support/running-server';

/** A digit, dark on white paper, as a PNG. */
async function imageOf(digit: number): Promise<Buffer> {
  const digits = generateDigits(50, 1);
  const place = digits.targets(0, 50).indexOf(digit);
  const pixels = digits.images(place, place + 1).data.map((v) => 255 - v);
  const png = sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } }).resize(300, 300);
  return await png.png().toBuffer();
}

const answer = (page: Page) => page.locator('#classes li').first().textContent();
const waitForAnswer = (page: Page, digit: number) =>
  page.locator('#classes li:first-child', { hasText: new RegExp(`^${digit}`) }).waitFor({ timeout: 20_000 });
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

  const { x, y } = (await page.locator('#canvas').boundingBox())!;
  await page.mouse.move(x + 150, y + 50);
  await page.mouse.down();
  await page.mouse.move(x + 135, y + 230, { steps: 10 });
  await page.mouse.up();
  await page.waitForSelector('#times tbody tr');
  t.match(await answer(page), /^1/, 'a line is a one');
  t.equal(await page.locator('#classes li').count(), 5);
  const rows = await page.locator('#times tbody tr').allTextContents();
  t.match(rows[0], /^float1\d+\.\d\d ms\d+\.\d ms$/);
  t.match(rows[1], /^8 bits1\d+\.\d\d ms\d+\.\d ms$/);

  for (const digit of [7, 0, 3]) {
    await page.evaluate(drop(await imageOf(digit)));
    await waitForAnswer(page, digit);
  }
  t.pass('dropped images of 7, 0 and 3');
  await page.setInputFiles('#file', { name: 'four.png', mimeType: 'image/png', buffer: await imageOf(4) });
  await waitForAnswer(page, 4);
  t.pass('opened an image of 4');

  await page.getByText('Clear').click();
  t.equal(await page.locator('#classes li').count(), 0);
  await page.setInputFiles('#file', { name: 'four.png', mimeType: 'image/png', buffer: Buffer.from('not an image') });
  await page.locator('#error', { hasText: /cannot read this file as an image/ }).waitFor();
  t.same(complaints, []);
});

testNeeding([missingBrowser], 'with the keyboard alone', async (t) => {
  const { url } = await running(t);
  const { page, complaints, close } = await openPage(url);
  t.teardown(close);
  await page.waitForSelector('#model option', { state: 'attached' });
  for (let i = 0; i < 2; i++) await page.keyboard.press('Tab');
  t.equal(await page.evaluate('document.activeElement.id'), 'canvas');
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
  t.match(await page.locator('#error').textContent(), /token/);
  await page.fill('#token', 'wrong');
  await page.keyboard.press('Enter');
  await setTimeout(200);
  t.match(await page.locator('#error').textContent(), /token/);
  await page.fill('#token', 'secret');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#model option', { state: 'attached' });
  t.equal(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0, 'nothing is truncated');
  const box = (await page.locator('#canvas').boundingBox())!;
  await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector('#classes li');
  t.same(
    complaints.filter((text) => !/401/.test(text)),
    [],
    'but for what a token was missing for',
  );
});
