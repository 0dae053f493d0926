import { statSync } from 'node:fs';
import { join } from 'node:path';
import { downloadDataset } from '../data/download';
import { type DownloadName, officialSets } from '../data/official-files';
import { onInterrupt } from './interrupt';
import { defaultFolder } from './open-data';
import { checkFolderOut } from './output-path';
import { startProgress } from './progress';
import { printError, printJson } from './terminal';
import { print } from './text-layout';

interface GetArguments {
  out?: string;
  url?: string;
  json?: boolean;
}

export async function getData(name: DownloadName, { out = defaultFolder(name), url, json = false }: GetArguments): Promise<void> {
  checkFolderOut('--out', out);
  let progress: { readonly file: string; readonly bar: ReturnType<typeof startProgress> } | undefined;
  const interrupt = onInterrupt(() => {});
  const files = await downloadDataset(officialSets[name], out, {
    mirrors: url === undefined ? undefined : [url],
    signal: interrupt.signal,
    onProgress(file, bytes, total) {
      if (total === undefined) return;
      if (progress?.file !== file) {
        progress?.bar.stop();
        progress = { file, bar: startProgress(file, total, { quiet: json }) };
      }
      progress.bar.update(bytes);
    },
  })
    .catch((error) => {
      if (interrupt.exitCode === undefined) throw error;
      process.exitCode = interrupt.exitCode;
    })
    .finally(() => {
      interrupt.dispose();
      progress?.bar.stop();
    });
  if (!files) return printError('addernet: stopped; run the same command again to fetch the missing files');
  const bytes = files.reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
  if (json) printJson({ dataset: name, directory: out, files, bytes });
  else
    print(
      `${out}: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`,
      `addernet train --dataset ${name}${out === defaultFolder(name) ? '' : ` --data ${out}`}`,
    );
}
