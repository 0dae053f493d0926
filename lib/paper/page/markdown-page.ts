// The page of all figures as Markdown, beside the files of its images.
import { runText, type Section } from './html-page';
import { toMarkdown } from './table';

export function markdownOf(sections: readonly Section[]): string {
  return `# Tables and figures of AdderNet, reproduced\n\n${sections.map(sectionOf).join('\n')}`;
}

function sectionOf({ figure: { name, title, about }, run, presentation: { tables, images } }: Section): string {
  const imagesText = images.map((image) => `![${image.name}](${name}/${image.name}.png)\n\n${image.caption}\n`);
  const texts = tables.map((table) => `${table.caption} ([JSON](${name}/${table.name}.json)):\n\n${toMarkdown(table)}`);
  return [`## ${title}\n`, `${about}\n`, `${runText(run)} [${name}.json](${name}.json)\n`, ...imagesText, ...texts].join('\n');
}
