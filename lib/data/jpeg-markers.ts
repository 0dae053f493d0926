// What the markers of a JPEG say, without decoding it. Each scan of a progressive JPEG refines the whole image, however few bytes it has, and
// nothing interrupts libjpeg between scans, so their number must be known before.

/** Encoders write about 10. */
export const maxScans = 50;

export interface JpegMarkers {
  readonly width: number;
  readonly height: number;
  readonly scans: number;
  /** Whether its scans refine it, rather than each adding rows. */
  readonly isProgressive: boolean;
}

/** The segments that have no length: TEM, RST0 to RST7, SOI. */
const isBare = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
/** The starts of a frame, SOF0 to SOF15, without DHT, JPG and DAC. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** SOF2, SOF6, SOF10, SOF14. */
const isProgressiveFrame = (marker: number): boolean => (marker & 3) === 2;
const [startOfScan, endOfImage] = [0xda, 0xd9];

/** Reads up to the end of the image, or to one scan more than `maxScans`. The size is 0 x 0 if no frame starts before that. */
export function jpegMarkers(bytes: Uint8Array): JpegMarkers {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [width, height, scans] = [0, 0, 0];
  let isProgressive = false;
  // 0xff is followed by the marker; by 0 where it is a sample of a scan, and by 0xff where it fills up.
  for (let at = bytes.indexOf(0xff); at >= 0 && at + 1 < bytes.length && scans <= maxScans; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1]!;
    if (marker === endOfImage) break;
    if (marker === 0xff) at++;
    else if (marker === 0 || isBare(marker)) at += 2;
    else {
      if (marker === startOfScan) scans++;
      if (isFrame(marker) && at + 9 <= bytes.length) {
        [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
        isProgressive = isProgressiveFrame(marker);
      }
      at += 2 + (at + 4 <= bytes.length ? view.getUint16(at + 2) : 0);
    }
  }
  return { width, height, scans, isProgressive };
}
