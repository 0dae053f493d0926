// The options of every command are declared in this folder. The command itself is the file of the same name in the parent folder, which is
// loaded on use, so that `rebuild` works without a binary.
import type { Command } from 'commander';
import { addBench } from './bench';
import { addConvert } from './convert';
import { addData } from './data';
import { addDemo } from './demo';
import { addEvaluate } from './evaluate';
import { addFigures } from './figures';
import { addInfo } from './info';
import { addModels } from './models';
import { addPredict } from './predict';
import { addQuantize } from './quantize';
import { addRebuild } from './rebuild';
import { addServe } from './serve';
import { addTrain } from './train';

/** The commands in the order of the help text. */
export const addCommands: readonly ((program: Command) => void)[] = [
  ...[addInfo, addModels, addPredict, addEvaluate, addData, addTrain, addQuantize, addConvert],
  ...[addServe, addDemo, addBench, addFigures, addRebuild],
];
