// Files of images that end too early are known by their own bytes.
import sharp from 'sharp';
import t from 'tap';
import { isTruncated } from '../../dist/data/truncated-image';

const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
const image = () => sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });

for (const format of ['jpeg', 'png', 'gif', 'webp'] as const)
  t.test(format, async (t) => {
    const whole = await image().toFormat(format).toBuffer();
    t.equal(isTruncated(whole), false);
    t.equal(isTruncated(Buffer.concat([whole, Buffer.alloc(16)])), false, 'with bytes behind its end');
    t.equal(isTruncated(new Uint8Array(Buffer.concat([Buffer.alloc(5), whole])).subarray(5)), false, 'in the middle of a buffer');
    for (const part of [0.3, 0.5, 0.9]) t.equal(isTruncated(whole.subarray(0, whole.length * part)), true, `${part} of it`);
  });

t.test('of other formats it is not known', (t) => {
  for (const bytes of [new Uint8Array(0), Buffer.from('RIFF'), Buffer.from('BM'), Buffer.from('no image')])
    t.equal(isTruncated(bytes), false);
  t.end();
});
