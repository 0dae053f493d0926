// The page of all figures as Markdown, with pictures as files beside it.
import { runText, type Section } from './html-page';
import { toMarkdown } from './table';

export function markdownOf(sections: readonly Section[]): string {
  return `# The tables and figures of AdderNet, remade\n\n${sections.map(sectionOf).join('\n')}`;
}

function sectionOf({ figure: { name, title, about }, run, presentation: { tables, pictures } }: Section): string {
  const images = pictures.map((picture) => `![${picture.name}](${name}/${picture.name}.png)\n\n${picture.caption}\n`);
  const texts = tables.map((table) => `${table.caption} ([JSON](${name}/${table.name}.json)):\n\n${toMarkdown(table)}`);
  return [`## ${title}\n`, `${about}\n`, `${runText(run)} [${name}.json](${name}.json)\n`, ...images, ...texts].join('\n');
}
