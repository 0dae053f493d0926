// Tables and figures of the paper (AdderNet, CVPR 2020), in the order of the page.

import type { AnyFigure } from './figure';
import { ablation } from './figures/ablation';
import { accuracy } from './figures/accuracy';
import { cost } from './figures/cost';
import { eta } from './figures/eta';
import { features } from './figures/features';
import { filters } from './figures/filters';
import { gradients } from './figures/gradients';
import { operations } from './figures/operations';
import { pairs } from './figures/pairs';
import { quantization } from './figures/quantization';
import { variance } from './figures/variance';
import { weights } from './figures/weights';

export const figures: readonly AnyFigure[] = [
  ...[cost, operations, gradients, variance, accuracy, features],
  ...[filters, weights, ablation, eta, quantization, pairs],
];
