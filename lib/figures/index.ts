// Tables and figures of the paper (AdderNet, CVPR 2020), in the order of the page.
import type { AnyFigure } from './figure';
import { operations } from './operations';
import { variance } from './variance';
import { weights } from './weights';

export const figures: readonly AnyFigure[] = [operations, variance, weights];
