// Run by classify.test.ts in a process whose libuv has two threads: six images that take long are decoded, and a file is read beside them.
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { compile, models } from '../../dist';

async function main(): Promise<void> {
  const large = await sharp({ create: { width: 3000, height: 3000, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const sessions = await Promise.all(Array.from({ length: 6 }, () => compile(models.resnet20({ seed: 1 }))));
  let decoded = 0;
  const all = sessions.map(async (session) => {
    await session.classify(large);
    decoded++;
  });
  await readFile(__filename);
  console.log(`a file was read while ${6 - decoded} images waited`);
  await Promise.all(all);
}
main();
