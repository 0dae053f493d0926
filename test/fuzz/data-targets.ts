// Formats of data sets and images.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodeBmp, isBmp } from '../../dist/data/bmp';
import type { ChunkedWork } from '../../dist/data/chunked-work';
import { parseCifar } from '../../dist/data/cifar';
import { parseCifarNames, parseCifarPickle } from '../../dist/data/cifar-python';
import { decodingCost } from '../../dist/data/decoding-cost';
import { limitDecoding } from '../../dist/data/decoding-limit';
import { parseIdx } from '../../dist/data/idx';
import { readImage } from '../../dist/data/image';
import { jpegMarkers } from '../../dist/data/jpeg-markers';
import type { Pixels } from '../../dist/data/pixels';
import { decodePnm, isPnm } from '../../dist/data/pnm';
import { tarFiles } from '../../dist/data/tar';
import { AdderNetError } from '../../dist/errors';
import { elementCount } from '../../dist/shape';
import { bmp, bmpOf } from '../support/bitmaps';
import { idx } from '../support/idx-bytes';
import * as p from '../support/pickle-bytes';
import { expect, type Target } from './target';
import { gzip } from './within';

const record = (...labels: number[]): Buffer => Buffer.from([...labels, ...Array(3072).fill(7)]);

const idxFiles = () => [
  idx(8, [2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]),
  idx(0x0d, [1, 2], [63, 128, 0, 0, 64, 0, 0, 0]),
  idx(0x0b, [3], [0, 1, 0, 2, 0, 3]),
];

function readIdx(bytes: Uint8Array): void {
  const { size, shape } = parseIdx(bytes);
  expect(size === elementCount(shape), 'the shape does not fit');
}

const maxPixels = 1_000_000;
const checkSize = (width: number, height: number): void => {
  if (width * height > maxPixels) throw new AdderNetError('ERR_ARGUMENT', `${width} x ${height} are more than ${maxPixels} pixels`);
};
function finish(work: ChunkedWork<Pixels>): void {
  for (;;) {
    const { done, value } = work.next();
    if (!done) continue;
    const { data, width, height } = value;
    expect(data.length % (width * height) === 0 && [1, 3, 4].includes(data.length / width / height), 'the pixels are not whole');
    return;
  }
}

function tar(...files: [name: string, content: string, type?: string][]): Buffer {
  const blocks = files.map(([name, content, type = '0']) => {
    const block = Buffer.alloc(512 + 512 * Math.ceil(content.length / 512));
    block.write(name);
    block.write(content.length.toString(8).padStart(11, '0'), 124);
    block.write(type, 156);
    block.write('ustar', 257);
    block.write(content, 512);
    return block;
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export const dataTargets: readonly Target[] = [
  { name: 'idx', corpus: idxFiles, run: readIdx },
  { name: 'idx in gzip', corpus: () => idxFiles().map((bytes) => gzipSync(bytes)), within: [gzip], run: readIdx },
  {
    name: 'CIFAR',
    corpus: () => [record(3), record(5, 99), Buffer.concat([record(1), record(2)])],
    run(bytes) {
      const labelBytes = bytes.length % 3073 === 0 ? 1 : 2;
      const { images, targets } = parseCifar(bytes, labelBytes, labelBytes === 1 ? 10 : 100);
      expect(images.shape[0] === targets.length, 'not an image for each label');
    },
  },
  {
    name: 'CIFAR in a pickle',
    corpus: () => [
      readFileSync(join(__dirname, '../../test/fixtures/cifar-python/test_batch')),
      p.pickle(p.dict([p.text('fine_label_names'), p.list(p.text('a'), p.text('b'))])),
    ],
    words: ['data', 'labels', 'fine_label_names', 'K\x01', 'cnumpy\ndtype\n'],
    run(bytes) {
      const isNames = Buffer.from(bytes).includes('fine_label_names');
      if (isNames) return parseCifarNames(bytes, 'fine_label_names', 'file');
      const { planes, targets } = parseCifarPickle(bytes, 'labels', 'file');
      expect(planes.length === targets.length * 3072, 'not an image for each label');
    },
  },
  {
    name: 'tar',
    corpus: () => [tar(['a/data_batch_1.bin', 'abc'], ['b', 'x'.repeat(600)]), tar(['folder/', '', '5'], ['c', 'd'])],
    words: ['ustar', '00000001000', '77777777777', '../../etc/passwd', '\x80\0\0\0'],
    run(bytes) {
      let total = 0;
      for (const { content } of tarFiles(bytes, 'file')) total += content.length;
      expect(total <= bytes.length, 'more than the archive has');
    },
  },
  {
    name: 'BMP',
    corpus: () => [
      bmp(3, 2, (x, y) => [x, y, 9]),
      bmpOf(
        { width: 2, height: -1, bits: 32, compression: 3, beforePixels: [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0] },
        [1, 2, 3, 4, 5, 6, 7, 8],
      ),
      bmpOf({ width: 3, height: 1, bits: 8, colors: 2, beforePixels: [1, 2, 3, 0, 4, 5, 6, 0] }, [0, 1, 0, 0]),
      bmpOf({ width: 9, height: 1, bits: 1, colors: 2, beforePixels: [1, 2, 3, 0, 4, 5, 6, 0] }, [255, 128, 0, 0]),
    ],
    run(bytes) {
      if (isBmp(bytes)) finish(decodeBmp(bytes, 'file', checkSize));
    },
  },
  {
    name: 'PNM',
    corpus: () =>
      ['P2\n# c\n2 1\n255\n3 4\n', 'P3 1 1 15 1 2 3 ', 'P5 2 2 255\nabcd', 'P6 1 1 65535\nabcdef'].map((text) => Buffer.from(text)),
    words: ['P2\n', '# x\n', '65535', '65536', '99999999999999999999', ' '],
    run(bytes) {
      if (isPnm(bytes)) finish(decodePnm(bytes, 'file', checkSize));
    },
  },
  {
    name: 'markers of a JPEG',
    corpus: () => [Buffer.from('ffd8ffe00004ababffc0000b080010002001011100ffda0008010100003f00abff00cdffd9', 'hex')],
    words: ['\xff\xc0', '\xff\xda', '\xff\xff', '\xff\xd9', '\0\0'],
    run(bytes) {
      const { width, height } = jpegMarkers(bytes);
      expect(width < 65536 && height < 65536, 'a size that no JPEG has');
    },
  },
  {
    name: 'image',
    corpus: async () => {
      const { default: sharp } = await import('sharp');
      const image = () => sharp({ create: { width: 5, height: 4, channels: 4, background: { r: 9, g: 200, b: 3, alpha: 0.5 } } });
      return await Promise.all(
        [image().png(), image().jpeg(), image().gif(), image().webp(), image().tiff(), image().avif({ effort: 0 })].map((format) =>
          format.toBuffer(),
        ),
      );
    },
    words: ['IHDR', 'IDAT', 'IEND', 'PLTE', 'tRNS', '\xff\xd8', '\xff\xda', 'GIF89a', 'WEBP', 'VP8L', 'Exif', 'ftyp', 'ispe'],
    async run(bytes) {
      const { pixels, memory } = decodingCost(bytes, maxPixels);
      expect(memory >= bytes.length && memory <= bytes.length + 32 * maxPixels, `it takes ${memory} bytes to decode`);
      const decoding = { inTurn: limitDecoding, seconds: 60, pixels };
      const { shape } = await readImage(bytes, [4, 4, 3], { maxPixels }, undefined, decoding);
      expect(shape.join() === '1,4,4,3', 'another shape');
    },
  },
];
