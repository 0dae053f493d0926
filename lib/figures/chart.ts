// Charts as SVG and PNG. echarts draws them, resvg makes the PNG, and its font comes from a package too, since a machine without fonts would
// leave out all text. Optional packages, loaded at use.
import { createRequire } from 'node:module';
import type { EChartsCoreOption } from 'echarts';
import { AdderNetError } from '../errors';

export interface Chart {
  readonly svg: string;
  readonly png: Uint8Array;
}

const packages = ['echarts', '@resvg/resvg-js', 'dejavu-fonts-ttf'] as const;
const { resolve } = createRequire(__filename);

/** Those of the packages that drawing needs which are not installed. */
export function chartPackagesMissing(): string[] {
  return packages.filter((name) => {
    try {
      resolve(`${name}/package.json`);
      return false;
    } catch {
      return true;
    }
  });
}

/** @throws {AdderNetError} ERR_PEER_MISSING if a package that drawing needs is not installed */
export function checkChartPackages(): void {
  const missing = chartPackagesMissing();
  if (missing.length > 0)
    throw new AdderNetError('ERR_PEER_MISSING', `drawing a chart needs ${missing.join(' and ')}: npm i ${missing.join(' ')}`);
}

/**
 * @param size in pixels; the PNG has twice as many
 * @throws {AdderNetError} ERR_PEER_MISSING if a package that it needs is not installed
 */
export async function drawChart(option: EChartsCoreOption, size: { width: number; height: number }): Promise<Chart> {
  checkChartPackages();
  const [{ init }, { Resvg }] = await Promise.all([import('echarts'), import('@resvg/resvg-js')]);
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'DejaVu Sans, Arial, Helvetica, sans-serif' }, ...option });
    const svg = chart.renderToSVGString();
    const fontFiles = ['DejaVuSans', 'DejaVuSans-Bold'].map((name) => resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
    const options = { font: { fontFiles, loadSystemFonts: false }, background: 'white', fitTo: { mode: 'zoom', value: 2 } } as const;
    return { svg, png: new Resvg(svg, options).render().asPng() };
  } finally {
    chart.dispose();
  }
}
