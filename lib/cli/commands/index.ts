// Every command: its options are declared here, its work is a file of the same name above, loaded when it is called, so that `rebuild` works
// where there is no binary yet.
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

/** In the order of the help. */
export const addCommands: readonly ((program: Command) => void)[] = [
  ...[addInfo, addModels, addPredict, addEvaluate, addData, addTrain, addQuantize, addConvert],
  ...[addServe, addDemo, addBench, addFigures, addRebuild],
];
