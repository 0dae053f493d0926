// How many cases a property test draws, and from which seed: the same ones in every run, fewer under an emulator or a sanitizer
// (ADDERNET_QUICK); ten times as many from another seed where ADDERNET_SEED gives one (npm run test:explore).
const seed = process.env.ADDERNET_SEED;
const factor = process.env.ADDERNET_QUICK ? 0.1 : seed ? 10 : 1;

export const draws = (cases: number): { numRuns: number; seed: number } => ({
  numRuns: Math.ceil(cases * factor),
  seed: seed ? Number(seed) : 20,
});
