/** @jest-environment node */
const { flow } = require('./flow.cjs');

test('node', () => flow(require('addernet'), expect), 60_000);
