// Rules for the options of every command that opens a data set.
import type { OptionRule } from './option-rules';

/** The --dataset of images in folders, one folder for each class. */
export const folderName = 'folder';

/** The facts are the name of the data set. It is undefined until the weights file, which names it, has been read. */
export const dataRules: readonly OptionRule<{ dataset?: string }>[] = [
  {
    options: ['imageSize', 'skipBad', 'background', 'invert'],
    apply: ({ dataset = folderName }) => dataset === folderName,
    only: 'with --dataset folder, since the images of other data sets have a fixed format',
  },
  {
    options: ['data'],
    apply: ({ dataset }) => dataset !== 'digits',
    only: 'to data sets with files, such as --dataset mnist; digits are generated',
  },
];
