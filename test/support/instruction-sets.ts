// On which instruction sets, and with which of their byte adders, the numeric tests run: all that this CPU has. Under an emulator, where ADDERNET_EXPECT_ISA says which one must
// be the best, that one alone: the others run elsewhere at full speed.
import t from 'tap';
import { cpuInfo } from '../../dist';
import { native } from '../../dist/binding';

const { isa: best, supported, byteAdder } = cpuInfo();
const expected = process.env.ADDERNET_EXPECT_ISA;

t.comment(`isa ${best}`);
t.comment(`byte adder ${byteAdder}`);
if (expected) t.equal(best, expected, 'the best instruction set of this CPU');

export const instructionSets: readonly string[] = expected ? [best] : supported;

/** An instruction set, and a way to compute adder layers of 8 bits in it. */
export interface IntegerKernels {
  readonly isa: string;
  readonly byteAdder: string;
}
/** Every byte adder of every instruction set. */
export const integerKernels: readonly IntegerKernels[] = instructionSets.flatMap((isa) => {
  native().setIsa(isa);
  return cpuInfo().byteAdders.map((byteAdder) => ({ isa, byteAdder }));
});
native().setIsa(best);
native().setByteAdder(byteAdder);
