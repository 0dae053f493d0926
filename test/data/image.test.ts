// Images from every source and in every format, and those that are refused.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import t from 'tap';
import { defaultBackground } from '../../dist/data/background';
import { decodeBmp as decodingOfBmp } from '../../dist/data/bmp';
import type { ChunkedWork } from '../../dist/data/chunked-work';
import { readImage } from '../../dist/data/image';
import type { ImageSource } from '../../dist/data/image-source';
import { jpegMarkers } from '../../dist/data/jpeg-markers';
import type { Pixels } from '../../dist/data/pixels';
import { decodePnm as decodingOfPnm } from '../../dist/data/pnm';
import { bmp, bmpOf } from '../support/bitmaps';
import { refusal, survivesCorruption, unnoticedTruncations } from '../support/damage';

const [width, height] = [3, 2];
const colorOf = (x: number, y: number) => [10 * x, 100 * y, 7] as const;
const pixels = Uint8Array.from(
  { length: 3 * width * height },
  (_, i) => colorOf(Math.floor(i / 3) % width, Math.floor(i / 3 / width))[i % 3]!,
);
const noCheck = () => {};

/** The result without pauses. */
function atOnce(decoding: ChunkedWork<Pixels>): Pixels {
  for (;;) {
    const { done, value } = decoding.next();
    if (done) return value;
  }
}
const decodeBmp: (...args: Parameters<typeof decodingOfBmp>) => Pixels = (...args) => atOnce(decodingOfBmp(...args));
const decodePnm: (...args: Parameters<typeof decodingOfPnm>) => Pixels = (...args) => atOnce(decodingOfPnm(...args));
const data = (bytes: Uint8Array) => [...decodeBmp(bytes, 'x.bmp', noCheck).data];

t.test('BMP: 24 bits, rows from the bottom', async (t) => {
  const file = bmp(width, height, colorOf);
  t.match(decodeBmp(file, 'x.bmp', noCheck), { width, height });
  t.same(data(file), [...pixels]);
  t.same([...(await readImage(file, [height, width, 3])).data], [...pixels], 'as any other file');
});

t.test('BMP: rows from the top, 32 bits, palettes', async (t) => {
  t.same(data(bmpOf({ width: 1, height: -2, bits: 24 }, [1, 2, 3, 0, 4, 5, 6, 0])), [3, 2, 1, 6, 5, 4]);
  t.same(data(bmpOf({ width: 1, height: 1, bits: 32 }, [1, 2, 3, 0])), [3, 2, 1], 'the fourth byte is nothing');
  const masks = [...[0, 0, 0, 0xff], ...[0, 0, 0xff, 0], ...[0, 0xff, 0, 0]];
  const masked = { width: 1, height: 1, bits: 32, compression: 3 };
  t.same(data(bmpOf({ ...masked, beforePixels: masks }, [1, 2, 3, 4])), [4, 3, 2]);
  const withAlpha = { ...masked, headerBytes: 56, beforePixels: [...masks, 0xff, 0, 0, 0] };
  t.same(data(bmpOf(withAlpha, [1, 2, 3, 4])), [4, 3, 2, 1], 'and opacity');
  const palette = [...[1, 2, 3, 0], ...[4, 5, 6, 0]];
  t.same(
    data(bmpOf({ width: 9, height: 1, bits: 1, beforePixels: palette }, [0b01000000, 0b10000000, 0, 0])).filter((_, i) => i % 3 === 0),
    [3, 6, 3, 3, 3, 3, 3, 3, 6],
  );
  const sixteen = [...palette, ...Array(56).fill(9)];
  t.same(data(bmpOf({ width: 3, height: 1, bits: 4, beforePixels: sixteen }, [0x01, 0x20, 0, 0])), [3, 2, 1, 6, 5, 4, 9, 9, 9]);
  const all = Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 0 : Math.floor(i / 4)));
  t.same(data(bmpOf({ width: 2, height: 1, bits: 8, beforePixels: all }, [200, 3, 0, 0])), [200, 200, 200, 3, 3, 3]);
});

t.test('BMP: what is refused', async (t) => {
  const refused = (bytes: Uint8Array) => refusal((b) => decodeBmp(b, 'x.bmp', noCheck), bytes);
  t.match(refused(bmpOf({ width: 1, height: 1, bits: 8, compression: 1 }, [1])), {
    code: 'ERR_FORMAT',
    message: /compression 1; .*save it as PNG/,
  });
  t.match(refused(bmpOf({ width: 1, height: 1, bits: 16 }, [1, 2, 0, 0])), { code: 'ERR_FORMAT', message: /16 bits per pixel/ });
  t.match(refused(bmpOf({ width: 1, height: 1, bits: 24, headerBytes: 12 }, [1, 2, 3, 0])), { code: 'ERR_FORMAT', message: /OS\/2/ });
  t.match(refused(bmpOf({ width: 0, height: 1, bits: 24 }, [])), { code: 'ERR_CORRUPT', message: /0 x 1 pixels/ });
  t.match(refused(bmpOf({ width: 1, height: 2, bits: 24 }, [1, 2, 3, 0])), {
    code: 'ERR_CORRUPT',
    message: /truncated: it has 58 bytes, expected 62/,
  });
  t.match(refused(bmpOf({ width: 2 ** 31 - 1, height: 2 ** 31 - 1, bits: 24 }, [1])), { code: 'ERR_CORRUPT', message: /truncated/ });
  t.match(refused(bmpOf({ width: 1, height: 1, bits: 8, colors: 2, beforePixels: Array(8).fill(0) }, [2, 0, 0, 0])), {
    code: 'ERR_CORRUPT',
    message: /not in its palette/,
  });
  const odd = [...[0xf0, 0, 0, 0], ...[0, 0xff, 0, 0], ...[0xff, 0, 0, 0]];
  t.match(refused(bmpOf({ width: 1, height: 1, bits: 32, compression: 3, beforePixels: odd }, [1, 2, 3, 4])), {
    code: 'ERR_FORMAT',
    message: /not whole bytes/,
  });
  for (const file of [bmp(3, 2, colorOf), bmpOf({ width: 3, height: 1, bits: 4, beforePixels: Array(64).fill(9) }, [0x01, 0x20, 0, 0])]) {
    const read = (bytes: Uint8Array) => decodeBmp(bytes, 'x.bmp', noCheck);
    t.same(unnoticedTruncations(read, file), []);
    survivesCorruption(read, file, 500);
  }
});

t.test('PGM and PPM', async (t) => {
  const decode = (bytes: Uint8Array) => [...decodePnm(bytes, 'x.ppm', noCheck).data];
  t.same(decode(Buffer.from('P2\n# of text\n3 2 10\n0 5 10\n1 2 3')), [0, 128, 255, 26, 51, 77]);
  t.same(decode(Buffer.from('P3 1 1 255 1 2 3')), [1, 2, 3]);
  t.same(decode(Buffer.concat([Buffer.from('P5\n2 1\n255\n'), Buffer.of(10, 20)])), [10, 20]);
  t.same(decode(Buffer.concat([Buffer.from('P6 1 1 65535\n'), Buffer.of(0xff, 0xff, 0x80, 0, 0, 0)])), [255, 128, 0]);
  const file = Buffer.concat([Buffer.from('P6 3 2 255\n'), pixels]);
  t.same([...(await readImage(file, [height, width, 3])).data], [...pixels]);
  const read = (bytes: Uint8Array) => decodePnm(bytes, 'x.ppm', noCheck);
  t.same(unnoticedTruncations(read, file), []);
  survivesCorruption(read, file, 500);
  t.match(refusal(read, Buffer.from('P5 1 1 3 \xff', 'latin1')), { code: 'ERR_CORRUPT', message: /value 255, expected at most 3/ });
  t.match(refusal(read, Buffer.from('P5 0 1 3 a')), { code: 'ERR_CORRUPT', message: /0 x 1 pixels/ });
});

t.test('large BMP, PGM and PPM leave the event loop to others while they are decoded', async (t) => {
  const side = 2000;
  const size = Buffer.from(`${side} ${side} 255 `);
  const black = [0, 0, 0, 0];
  const files: Record<string, [Uint8Array, number]> = {
    BMP: [bmpOf({ width: side, height: side, bits: 1, beforePixels: [...black, 255, 255, 255, 0] }, Array(side * 252).fill(255)), 255],
    PGM: [Buffer.concat([Buffer.from('P5 '), size, Buffer.alloc(side * side, 7)]), 7],
    'PPM of text': [Buffer.concat([Buffer.from('P3 '), size, Buffer.alloc(2 * 3 * side * side, '9 ')]), 9],
  };
  for (const [kind, [file, value]] of Object.entries(files)) {
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    const image = await readImage(file, [side, side, kind === 'PGM' ? 1 : 3]);
    clearInterval(count);
    t.ok(
      image.data.every((v) => v === value),
      `${kind}: every part is decoded`,
    );
    t.ok(turns > 10, `${kind}: ${turns} turns of a timer`);
  }
});

t.test('every source', async (t) => {
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const path = join(t.testdir(), 'i.png');
  writeFileSync(path, png);
  const buffer = png.buffer.slice(png.byteOffset, png.byteOffset + png.length) as ArrayBuffer;
  const sources: Record<string, ImageSource> = {
    path,
    URL: pathToFileURL(path),
    Buffer: png,
    Uint8Array: new Uint8Array(png),
    Uint8ClampedArray: new Uint8ClampedArray(png),
    ArrayBuffer: buffer,
    Blob: new Blob([new Uint8Array(png)]),
    'Uint8Array of another realm': runInNewContext('Uint8Array.from(bytes)', { bytes: [...png] }),
    pixels: { data: pixels, width, height },
    'pixels of a canvas': { data: new Uint8ClampedArray(pixels), width, height },
    'pixels of another realm': { data: runInNewContext('Uint8ClampedArray.from(bytes)', { bytes: [...pixels] }), width, height },
  };
  for (const [name, source] of Object.entries(sources)) t.same([...(await readImage(source, [height, width, 3])).data], [...pixels], name);
  t.equal((await readImage(sources.pixels!, [height, width, 3])).data.buffer, pixels.buffer, 'pixels that fit are not copied');
});

t.test('what transparent pixels lie on, and inversion', async (t) => {
  const clear = { data: Uint8Array.of(9, 9, 9, 0), width: 1, height: 1 };
  const read = async (options: object) => [...(await readImage(clear, [1, 1, 3], options)).data];
  t.same(await read({}), [255, 255, 255]);
  t.same(await read({ background: '#ff8000' }), [255, 128, 0]);
  t.same(await read({ background: [1, 2, 3] }), [1, 2, 3]);
  t.same(await read({ background: [1, 2, 3], invert: true }), [254, 253, 252]);
  t.same(await read({ invert: true }), [255, 255, 255]);
  t.same(
    [...(await readImage({ data: Uint8Array.of(3), width: 1, height: 1 }, [1, 1, 1], { invert: true })).data],
    [252],
    'of pixels that fit, too',
  );
  const [black, white] = [
    [0, 0, 0],
    [255, 255, 255],
  ];
  t.same(defaultBackground({ mean: [0.1307] }), black, 'of a network of white on black');
  t.same(defaultBackground({ mean: [0.1307] }, true), white, 'and before its images are inverted');
  t.same(defaultBackground({ mean: [0.9] }), white);
  t.same(defaultBackground({ mean: [0] }), white, 'which is no mean of images');
  t.same(defaultBackground({ mean: [0.2, 0.2, 0.2] }), white, 'colors lie on paper');
});

t.test('damaged files and what is no image', async (t) => {
  const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251);
  const image = sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
  const files = {
    jpeg: await image.clone().jpeg().toBuffer(),
    png: await image.clone().png().toBuffer(),
    webp: await image.clone().webp().toBuffer(),
  };
  const folder = t.testdir();
  for (const [kind, bytes] of Object.entries(files)) {
    const path = join(folder, `cut.${kind}`);
    writeFileSync(path, bytes.subarray(0, bytes.length * 0.6));
    const expected = {
      name: 'AdderNetError',
      code: 'ERR_CORRUPT',
      message: new RegExp(`cannot read the image '.*cut.${kind}': the file is .*truncated`),
    };
    await t.rejects(readImage(path, [8, 8, 3]), expected);
    await t.rejects(readImage(bytes.subarray(0, bytes.length * 0.6), [8, 8, 3]), {
      code: 'ERR_CORRUPT',
      message: /the image of \d+ bytes in memory: the file is/,
    });
  }
  await t.rejects(readImage(files.jpeg.subarray(0, files.jpeg.length - 2), [8, 8, 3]), { code: 'ERR_CORRUPT', message: /is truncated/ });
  const rejects = (image: unknown, code: string, message: RegExp) =>
    t.rejects(readImage(image as never, [8, 8, 3]), { name: 'AdderNetError', code, message });
  await rejects(Buffer.from('no image'), 'ERR_FORMAT', /the image of 8 bytes in memory: .*; pixels need their width and height/);
  const others: Record<string, string> = {
    'a Git LFS pointer': 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n',
    'a web page \\(HTML\\)': '<!DOCTYPE html><title>Not found</title>',
    'a PDF document': '%PDF-1.7\n',
    'a gzip archive': '\x1f\x8b\x08\0',
  };
  for (const [what, content] of Object.entries(others)) {
    writeFileSync(join(folder, 'other.png'), content, 'latin1');
    await rejects(join(folder, 'other.png'), 'ERR_FORMAT', new RegExp(`cannot read the image '.*other.png': it is ${what}`));
  }
  for (const empty of [new Uint8Array(0), detached(), detached().buffer, { data: detached(), width: 1, height: 1 }]) {
    await rejects(empty, 'ERR_ARGUMENT', /in memory is empty: its buffer is detached|data of the image is empty/);
  }
  await rejects(join(folder, 'none.png'), 'ERR_ARGUMENT', /cannot read the image '.*none.png': ENOENT/);
  await rejects(folder, 'ERR_ARGUMENT', /cannot read the image .*EISDIR/);
  await rejects(new URL('https://example.org/i.png'), 'ERR_ARGUMENT', /not a file: URL: fetch it/);
  for (const other of [undefined, null, 7, new Float32Array(3), {}])
    await rejects(other, 'ERR_ARGUMENT', /expected a path, a file: URL, or bytes.*, or pixels, \{ data, width, height \}/);
  await rejects({ data: [1, 2, 3], width: 1, height: 1 }, 'ERR_DTYPE', /pixels are Array/);
  await rejects({ data: new Float32Array(3), width: 1, height: 1 }, 'ERR_DTYPE', /pixels are Float32Array/);
});

/** Bytes whose memory has gone to another thread. */
function detached(): Uint8Array {
  const bytes = new Uint8Array(3);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

t.test('large images are refused before they are decoded', async (t) => {
  const png = await sharp({ create: { width: 200, height: 100, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const large = { name: 'AdderNetError', code: 'ERR_ARGUMENT', message: /is too large: .* more than 19999 pixels \(option maxPixels\)/ };
  const all = [
    png,
    bmp(200, 100, () => [1, 2, 3]),
    Buffer.from('P5 200 100 255\n'),
    { data: new Uint8Array(20_000), width: 200, height: 100 },
  ];
  for (const image of all) await t.rejects(readImage(image, [8, 8, 3], { maxPixels: 19_999 }), large);
  t.equal((await readImage(png, [8, 8, 3], { maxPixels: 20_000 })).size, 192);
  // 4 bytes of a JPEG's header say 65,500 x 65,500.
  const jpeg = await sharp(png).jpeg().toBuffer();
  const size = jpeg.indexOf(Buffer.from([0, 100, 0, 200]));
  jpeg.writeUInt16BE(5001, size);
  jpeg.writeUInt16BE(5000, size + 2);
  await t.rejects(readImage(jpeg, [8, 8, 3]), { message: /more than 25000000 pixels/ }, '25 million where nothing is said');
});

t.test('images of extreme proportions', async (t) => {
  const [wide, high] = [
    { width: 8_000_000, height: 1 },
    { width: 1, height: 8_000_000 },
  ];
  const png = await sharp({ create: { ...wide, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const images: [ImageSource, string][] = [
    [{ data: new Uint8Array(8_000_000), ...wide }, '8000000 x 1'],
    [{ data: new Uint8Array(8_000_000), ...high }, '1 x 8000000'],
    [bmpOf({ width: 8_000_000, height: 1, bits: 1, beforePixels: [0, 0, 0, 0, 9, 9, 9, 0] }, Array(1_000_000).fill(0)), '8000000 x 1'],
    [png, '8000000 x 1'],
  ];
  for (const [image, size] of images)
    await t.rejects(readImage(image, [28, 28, 1]), {
      name: 'AdderNetError',
      code: 'ERR_ARGUMENT',
      message: new RegExp(`the image.* of ${size} pixels cannot be scaled to cover 28 x 28`),
    });
});

t.test('each of many that fail at the same time has its own reason', async (t) => {
  const noise = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
  const jpeg = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer();
  const wide = { width: 8_000_000, height: 1 };
  const png = await sharp({ create: { ...wide, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const reasons = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      readImage(i % 4 === 0 ? png : jpeg.subarray(0, jpeg.length / 2), [28, 28, 3]).catch(({ message }) => message),
    ),
  );
  for (const [i, reason] of reasons.entries()) t.match(reason, i % 4 === 0 ? /cannot be scaled to cover/ : /the file is truncated/);
});

t.test('options out of range', async (t) => {
  const image = { data: new Uint8Array(4), width: 1, height: 1 };
  const refused = (options: object, message: RegExp) =>
    t.rejects(readImage(image, [1, 1, 3], options), { name: 'AdderNetError', code: 'ERR_ARGUMENT', message });
  for (const maxPixels of [0, -1, 1.5, '9', Number.NaN]) await refused({ maxPixels }, /maxPixels is/);
  for (const background of [7, [1, 2], [1, 2, 256], [1, 2, 'x'], 'no color', ''])
    await refused({ background }, /background is .*, expected a CSS color/);
  await refused({ invert: 1 }, /invert is 1/);
  for (const shape of [undefined, [1, 1], [1, 1, 2], [0, 1, 3], 'abc'])
    await t.rejects(readImage(image, shape as never), { name: 'AdderNetError', code: 'ERR_SHAPE' });
});

/** A progressive JPEG of gray whose scans after the first are a few bytes each, and pass over the whole image. */
function progressiveJpeg(side: number, scans: number): Buffer {
  const segment = (marker: number, data: readonly number[]) =>
    Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data]);
  const blocks = Math.ceil(side / 8) ** 2;
  // Huffman codes of one bit: for a difference of 0; and for the end of 2^14 + n blocks, where n has 14 bits.
  const table = (kind: number, symbol: number) => segment(0xc4, [kind, 1, ...Array(15).fill(0), symbol]);
  const first = Buffer.concat([segment(0xda, [1, 1, 0, 0, 0, 0]), Buffer.alloc(Math.ceil(blocks / 8))]);
  const bits = Array.from({ length: Math.ceil(blocks / 2 ** 14) }, () => '0'.repeat(15)).join('');
  const other = Buffer.concat([segment(0xda, [1, 1, 0, 1, 63, 0]), Buffer.alloc(Math.ceil(bits.length / 8))]);
  const size = [side >> 8, side & 255];
  const head = [
    segment(0xdb, [0, ...Array(64).fill(1)]),
    segment(0xc2, [8, ...size, ...size, 1, 1, 0x11, 0]),
    table(0, 0),
    table(0x10, 0xe0),
  ];
  return Buffer.concat([Buffer.of(0xff, 0xd8), ...head, first, ...Array<Buffer>(scans - 1).fill(other), Buffer.of(0xff, 0xd9)]);
}

t.test('a JPEG of many scans is refused before it is decoded', async (t) => {
  const shape = [8, 8, 1] as const;
  t.match(jpegMarkers(progressiveJpeg(1024, 3)), { width: 1024, height: 1024, scans: 3 });
  t.equal((await readImage(progressiveJpeg(1024, 50), shape)).data.length, 64);
  const began = performance.now();
  for (const scans of [51, 100_000])
    await t.rejects(readImage(progressiveJpeg(1024, scans), shape), {
      code: 'ERR_ARGUMENT',
      message: /is a progressive JPEG with more than 50 scans: save it again/,
    });
  t.ok(performance.now() - began < 5000, 'and that takes no time');
  const photo = sharp({ create: { width: 300, height: 200, channels: 3, background: 'red' } });
  for (const progressive of [false, true]) {
    const bytes = await photo.clone().jpeg({ progressive }).withMetadata().toBuffer();
    t.match(jpegMarkers(bytes), { width: 300, height: 200 });
    t.ok(jpegMarkers(bytes).scans <= 10);
    for (let length = 0; length < bytes.length; length += 7) jpegMarkers(bytes.subarray(0, length));
  }
  t.match(jpegMarkers(new Uint8Array()), { width: 0, height: 0, scans: 0 });
});

t.test('formats: pixels are read, and graphics that take any time are refused before sharp sees them', async (t) => {
  const red = sharp({ create: { width: 20, height: 10, channels: 3, background: '#f00' } });
  const read = {
    jpeg: await red.clone().jpeg().toBuffer(),
    png: await red.clone().png({ progressive: true }).toBuffer(),
    webp: await red.clone().webp({ lossless: true }).toBuffer(),
    gif: await red.clone().gif().toBuffer(),
    avif: await red.clone().avif({ lossless: true, effort: 0 }).toBuffer(),
    tiff: await red.clone().tiff({ compression: 'lzw' }).toBuffer(),
    'big tiff': await red.clone().tiff({ compression: 'none', bigtiff: true }).toBuffer(),
  };
  for (const [format, bytes] of Object.entries(read)) {
    const [r, g, b] = (await readImage(bytes, [4, 4, 3])).data;
    t.ok(r! > 250 && g! < 5 && b! < 5, format);
  }
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="red"/></svg>';
  const refused: Record<string, [Uint8Array, RegExp]> = {
    SVG: [Buffer.from(svg), /it is an SVG image; expected a JPEG/],
    'SVG with a header': [Buffer.from(`<?xml version="1.0"?>\n${svg}`), /it is an SVG image/],
    'SVG after a byte order mark': [Buffer.from(`\ufeff${svg}`), /it is an SVG image/],
    'SVG after spaces and a comment': [Buffer.from(` \n\t<!-- ${'x'.repeat(500)} -->${svg}`), /expected a JPEG/],
    'SVG in capitals': [Buffer.from(svg.replace(/svg/g, 'SVG')), /expected a JPEG/],
    'SVG with a document type': [Buffer.from(`<!DOCTYPE svg [<!ENTITY a "b">]>${svg}`), /expected a JPEG/],
    'SVG in UTF-16': [Buffer.from(`\ufeff${svg}`, 'utf16le'), /expected a JPEG/],
    'SVG after text': [Buffer.from(`GIF ${svg}`), /expected a JPEG/],
    'gzipped SVG': [gzipSync(svg), /it is a gzip archive/],
    PDF: [Buffer.from('%PDF-1.4\n%âãÏÓ\n'), /it is a PDF document/],
    PostScript: [Buffer.from('%!PS-Adobe-3.0 EPSF-3.0\n'), /expected a JPEG/],
    'an icon with a PNG': [Buffer.concat([Buffer.of(0, 0, 1, 0, 1, 0, ...Array(16).fill(22)), read.png]), /expected a JPEG/],
  };
  for (const [format, [bytes, message]] of Object.entries(refused)) {
    await t.rejects(readImage(bytes, [4, 4, 3]), { name: 'AdderNetError', code: 'ERR_FORMAT', message }, format);
    const path = join(t.testdir(), 'image.png');
    writeFileSync(path, bytes);
    await t.rejects(readImage(path, [4, 4, 3]), { code: 'ERR_FORMAT', message }, `${format} in a file`);
  }
  const hidden = Buffer.concat([Buffer.from('GIF89a'), Buffer.from(svg)]);
  await t.rejects(readImage(hidden, [4, 4, 3]), { code: 'ERR_CORRUPT' }, 'what begins like a GIF is read as one');
});
