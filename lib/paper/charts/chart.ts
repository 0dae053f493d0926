// Charts as SVG and PNG. echarts draws the SVG, resvg converts it to PNG, with a font from a package, because a machine without fonts would
// leave out all text. These packages are optional and loaded on first use.
import { createRequire } from 'node:module';
import type { EChartsCoreOption } from 'echarts';
import { AdderNetError } from '../../errors';
import { packageError } from '../../optional-package';

export interface Chart {
  readonly svg: string;
  readonly png: Uint8Array;
}

export const chartPackages = ['echarts', '@resvg/resvg-js', 'dejavu-fonts-ttf'] as const;
const purpose = 'drawing a chart';
const { resolve } = createRequire(__filename);

/** The packages that are not installed. */
export function missingPackages(names: readonly string[]): string[] {
  return names.filter((name) => {
    try {
      resolve(`${name}/package.json`);
      return false;
    } catch {
      return true;
    }
  });
}

/**
 * @param purpose what they are needed for
 * @throws {AdderNetError} ERR_PEER_MISSING if a package is not installed
 */
export function checkPackages(purpose: string, names: readonly string[]): void {
  const missing = missingPackages(names);
  if (missing.length > 0)
    throw new AdderNetError('ERR_PEER_MISSING', `${purpose} needs ${missing.join(' and ')}: npm i ${missing.join(' ')}`);
}

/**
 * @param size in pixels; the PNG has twice the width and height
 * @throws {AdderNetError} ERR_PEER_MISSING if a package that it needs is not installed, ERR_PEER_BROKEN if it does not load
 */
export async function drawChart(option: EChartsCoreOption, size: { width: number; height: number }): Promise<Chart> {
  checkPackages(purpose, chartPackages);
  const { init } = loadEcharts();
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'DejaVu Sans, Arial, Helvetica, sans-serif' }, ...option });
    return await withPng(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/** Throws the errors of drawChart. */
export async function withPng(svg: string): Promise<Chart> {
  checkPackages(purpose, chartPackages);
  const { Resvg } = loadResvg();
  const fontFiles = ['DejaVuSans', 'DejaVuSans-Bold'].map((name) => resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
  const options = { font: { fontFiles, loadSystemFonts: false }, background: 'white', fitTo: { mode: 'zoom', value: 2 } } as const;
  return { svg, png: new Resvg(svg, options).render().asPng() };
}

function loadEcharts(): typeof import('echarts') {
  try {
    return require('echarts');
  } catch (cause) {
    throw packageError('echarts', purpose, cause);
  }
}

function loadResvg(): typeof import('@resvg/resvg-js') {
  try {
    return require('@resvg/resvg-js');
  } catch (cause) {
    throw packageError('@resvg/resvg-js', purpose, cause);
  }
}
