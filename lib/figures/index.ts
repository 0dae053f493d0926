// Tables and figures of the paper (AdderNet, CVPR 2020), in the order of the page.
import { ablation } from './ablation';
import { accuracy } from './accuracy';
import { cost } from './cost';
import { eta } from './eta';
import { features } from './features';
import type { AnyFigure } from './figure';
import { filters } from './filters';
import { gradients } from './gradients';
import { operations } from './operations';
import { quantization } from './quantization';
import { variance } from './variance';
import { weights } from './weights';

export const figures: readonly AnyFigure[] = [
  ...[cost, operations, gradients, variance, accuracy, features],
  ...[filters, weights, ablation, eta, quantization],
];
