// @vitest-environment jsdom
import * as addernet from 'addernet';
import { expect, test } from 'vitest';
import { flow } from './flow.cjs';

test('jsdom', () => flow(addernet, expect), 60_000);
