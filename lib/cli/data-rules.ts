// What every command knows that opens a data set.
import type { OptionRule } from './option-rules';

/** The name of a data set whose images lie in folders, one for each class. */
export const folderName = 'folder';

/** Facts: the name of the data set; undefined as long as it is not known, since the file of a network says it. */
export const dataRules: readonly OptionRule<{ dataset?: string }>[] = [
  {
    options: ['imageSize', 'skipBad', 'background', 'invert'],
    apply: ({ dataset = folderName }) => dataset === folderName,
    only: 'with --dataset folder: other data sets have images of one kind and size',
  },
  {
    options: ['data'],
    apply: ({ dataset }) => dataset !== 'digits',
    only: 'to data sets with files, such as --dataset mnist: digits are generated',
  },
];
