// Detects image files that end too early. The error message of libvips is unreliable, because all images that are decoded at the same time
// share one message buffer.

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** The start of each format and its end marker, which other bytes may follow. */
const formats: readonly { readonly start: RegExp; readonly end: RegExp }[] = [
  { start: /^\xff\xd8\xff/, end: /\xff\xd9/ }, // JPEG: the marker EOI
  { start: /^\x89PNG/, end: /IEND/ },
  { start: /^GIF8/, end: /\0;/ }, // the end of a block, then the trailer
];
const tailBytes = 64;

/** Returns false for other formats. */
export function isTruncated(bytes: Uint8Array): boolean {
  const start = latin1(bytes.subarray(0, 12));
  if (/^RIFF.{4}WEBP/s.test(start)) return 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) > bytes.length;
  const format = formats.find((candidate) => candidate.start.test(start));
  return format !== undefined && !format.end.test(latin1(bytes.subarray(-tailBytes)));
}
