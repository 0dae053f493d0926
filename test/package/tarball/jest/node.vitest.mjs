// @vitest-environment node
import * as addernet from 'addernet';
import { expect, test } from 'vitest';
import { flow } from './flow.cjs';

test('node', () => flow(addernet, expect), 60_000);
