/** @jest-environment jsdom */
const { flow } = require('./flow.cjs');

test('jsdom', () => flow(require('addernet'), expect), 60_000);
