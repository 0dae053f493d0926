// PNG and JPEG files as pixels. A Worker has no decoder of its own, and 128 MB of memory: how much a file decodes to is checked before it is decoded.

import { AdderNetError } from 'addernet/wasm';
import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import decodeJpeg from 'jpeg-js/lib/decoder.js';

/** Full HD, and a little more. */
export const maxPixels = 2 ** 21;
/** Progressive files have about 10; each goes through all pixels. */
const maxScans = 32;
/** Of the image, and of smaller ones in it, as cameras write them. */
const maxFrames = 8;
/** Of 8 KiB or more, as encoders write them; small ones take far more memory than their bytes. */
const maxChunks = 2 ** 14;
const maxPaletteBytes = 3 * 256;

/**
 * @returns { data, width, height }
 * @throws {AdderNetError} ERR_FORMAT if it is neither, ERR_ARGUMENT if it is too large, ERR_CORRUPT if it is damaged
 */
export async function decode(bytes) {
  const starts = (...signature) => signature.every((byte, i) => bytes[i] === byte);
  const [format, read] = starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
    ? ['PNG', fromPng]
    : starts(0xff, 0xd8)
      ? ['JPEG', fromJpeg]
      : [];
  if (!read) throw new AdderNetError('ERR_FORMAT', 'the image is neither a PNG nor a JPEG file');
  try {
    return await read(bytes);
  } catch (cause) {
    if (cause instanceof AdderNetError) throw cause;
    throw new AdderNetError('ERR_CORRUPT', `the ${format} image cannot be decoded: ${cause.message}`, { cause });
  }
}

function checkSize(width, height) {
  if (width * height > maxPixels)
    throw new AdderNetError('ERR_ARGUMENT', `the image is too large: ${width} x ${height} are more than ${maxPixels} pixels`);
}

function fromJpeg(bytes) {
  const view = new DataView(bytes.buffer);
  // Segments, up to that of the size.
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2))
    if (bytes[at + 1] >= 0xc0 && bytes[at + 1] <= 0xc2) {
      checkSize(view.getUint16(at + 7), view.getUint16(at + 5));
      break;
    }
  let [scans, frames] = [0, 0];
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1];
    if (marker === 0xda && ++scans > maxScans) throw new Error(`it has more than ${maxScans} scans`);
    if (marker >= 0xc0 && marker <= 0xc2 && ++frames > maxFrames) throw new Error(`it has more than ${maxFrames} frames`);
  }
  const limits = { maxResolutionInMP: maxPixels / 1e6, maxMemoryUsageInMB: 56 };
  const { data, width, height } = decodeJpeg(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, ...limits });
  return { data, width, height };
}

const ascii = new TextDecoder('latin1');
const channelsOf = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

async function fromPng(bytes) {
  const view = new DataView(bytes.buffer);
  const typeAt = (at) => ascii.decode(bytes.subarray(at + 4, at + 8));
  if (typeAt(8) !== 'IHDR') throw new Error('it does not begin with its size');
  const [width, height, depth, color] = [view.getUint32(16), view.getUint32(20), bytes[24], bytes[25]];
  checkSize(width, height);
  if (bytes[28] !== 0 && depth < 8) throw new Error('it is interlaced, and has fewer than 8 bits');

  // Without comments, color profiles and more frames, which may be large as well.
  const chunks = [bytes.subarray(0, 33)];
  const data = [];
  let count = 0;
  for (let at = 33; at + 12 <= bytes.length; ) {
    if (++count > maxChunks) throw new Error(`it has more than ${maxChunks} chunks`);
    const end = at + 12 + view.getUint32(at);
    const type = typeAt(at);
    if (type === 'PLTE' && end - at - 12 > maxPaletteBytes) throw new Error('its palette has more than 256 colors');
    if (['PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type)) chunks.push(bytes.subarray(at, end));
    if (type === 'IDAT') data.push(bytes.subarray(at + 8, end - 4));
    at = type === 'IEND' ? Infinity : end;
  }
  await checkInflated(data, height, Math.ceil((width * depth * (channelsOf[color] ?? 0)) / 8));
  return toRgba(decodePng(await new Blob(chunks).arrayBuffer(), { checkCrc: true }));
}

/** Rows have a byte before their pixels. Those of an interlaced image are in pieces, with a byte before each. */
async function checkInflated(data, height, rowBytes) {
  let length = 0;
  for await (const part of new Blob(data).stream().pipeThrough(new DecompressionStream('deflate'))) {
    length += part.length;
    if (length > height * (rowBytes + 2) + 7) throw new Error('it has more pixels than its size says');
  }
  if (length < height * (rowBytes + 1)) throw new Error('it is cut off');
}

function toRgba(image) {
  const { width, height, depth, channels, transparency } = image;
  if (channels === 1 && (image.palette || depth < 8)) {
    const levels = Array.from({ length: 2 ** depth }, (_, i) => (255 * i) / (2 ** depth - 1));
    const grays = levels.map((level, i) => [level, level, level, i === transparency?.[0] ? 0 : 255]);
    return { data: convertIndexedToRgb({ ...image, palette: image.palette ?? grays }), width, height };
  }
  const data = new Uint8Array(4 * width * height);
  const byteAt = (at) => image.data[at] >> (depth === 16 ? 8 : 0);
  for (let i = 0; i < width * height; i++) {
    const at = channels * i;
    for (let c = 0; c < 3; c++) data[4 * i + c] = byteAt(channels < 3 ? at : at + c);
    const isTransparent = transparency?.every((level, c) => level === image.data[at + c]);
    data[4 * i + 3] = channels % 2 === 0 ? byteAt(at + channels - 1) : isTransparent ? 0 : 255;
  }
  return { data, width, height };
}
