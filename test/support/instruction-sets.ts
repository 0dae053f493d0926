// On which instruction sets the numeric tests run: all that this CPU has. Under an emulator, where ADDERNET_EXPECT_ISA says which one must
// be the best, that one alone: the others run elsewhere at full speed.
import t from 'tap';
import { cpuInfo } from '../../dist';

const { isa: best, supported } = cpuInfo();
const expected = process.env.ADDERNET_EXPECT_ISA;

t.comment(`isa ${best}`);
if (expected) t.equal(best, expected, 'the best instruction set of this CPU');

export const instructionSets: readonly string[] = expected ? [best] : supported;
