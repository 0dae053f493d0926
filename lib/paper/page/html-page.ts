// The page of all figures as one HTML file that loads nothing else.
import type { AnyFigure, Presentation } from '../figure';
import { escapeHtml, toHtml } from './table';

/** The settings and machine of a measurement. */
export interface Run {
  readonly quick: boolean;
  readonly cpu: string;
  readonly isa: string;
  readonly threads: number;
}

export interface Section {
  readonly figure: AnyFigure;
  readonly run: Run;
  readonly presentation: Presentation;
}

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
  .run { color: #555; font-size: .9rem; } figure { margin: 1.5rem 0; } img { max-width: 100%; height: auto; }
  figcaption, caption { color: #555; text-align: left; padding: .3rem 0; } caption { caption-side: bottom; }
  .scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; margin: 1.5rem 0; }
  th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; text-align: left; } td { white-space: nowrap; } .number { text-align: right; font-variant-numeric: tabular-nums; }`;

export function pageOf(sections: readonly Section[]): string {
  const contents = sections.map(({ figure: { name, title } }) => `<li><a href="#${name}">${escapeHtml(title)}</a></li>`).join('');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>addernet: the figures of the paper</title>
<link rel="icon" href="data:,">
<style>${style}
</style>
<h1>Tables and figures of AdderNet, reproduced</h1>
<ul>${contents}</ul>
${sections.map(sectionOf).join('\n')}
</html>
`;
}

function sectionOf({ figure: { name, title, about }, run, presentation: { tables, images } }: Section): string {
  // As separate images, charts do not share ids and styles.
  const imagesHtml = images.map(({ name, caption, chart: { svg } }) => {
    const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
    return `<figure><img src="${source}" alt="${escapeHtml(name)}"><figcaption>${escapeHtml(caption)}</figcaption></figure>`;
  });
  return `<section id="${name}">
<h2>${escapeHtml(title)}</h2>
<p>${escapeHtml(about)}</p>
<p class="run">${escapeHtml(runText(run))} <a href="${name}.json">${name}.json</a></p>
${[...imagesHtml, ...tables.map((table) => `<div class="scroll">${toHtml(table)}</div>`)].join('\n')}
</section>`;
}

export const runText = ({ quick, cpu, isa, threads }: Run): string =>
  `${quick ? 'A quick run' : 'A full run'} on ${cpu}, ${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}:`;
