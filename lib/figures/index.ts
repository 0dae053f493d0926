// Tables and figures of the paper (AdderNet, CVPR 2020), in the order of the page.
import { ablation } from './ablation';
import { eta } from './eta';
import type { AnyFigure } from './figure';
import { gradients } from './gradients';
import { operations } from './operations';
import { variance } from './variance';
import { weights } from './weights';

export const figures: readonly AnyFigure[] = [operations, gradients, variance, weights, ablation, eta];
