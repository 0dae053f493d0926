// Whether the file of an image ends before its format says that it does. The words of libvips do not tell reliably: all images that are decoded
// at the same time share one buffer for them.

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** Of each format, how it begins, and what stands at its end; bytes may follow that. */
const formats: readonly { readonly start: RegExp; readonly end: RegExp }[] = [
  { start: /^\xff\xd8\xff/, end: /\xff\xd9/ }, // JPEG: the marker EOI
  { start: /^\x89PNG/, end: /IEND/ },
  { start: /^GIF8/, end: /\0;/ }, // the end of a block, then the trailer
];
const tailBytes = 64;

/** False where the format is not one of these. */
export function isTruncated(bytes: Uint8Array): boolean {
  const start = latin1(bytes.subarray(0, 12));
  if (/^RIFF.{4}WEBP/s.test(start)) return 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) > bytes.length;
  const format = formats.find((candidate) => candidate.start.test(start));
  return format !== undefined && !format.end.test(latin1(bytes.subarray(-tailBytes)));
}
