// What computes, for benchmarks and messages.

/** The CPU, its instruction sets, and the number of threads. */
export interface CpuInfo {
  /** The name of the CPU. */
  model: string;
  /** The instruction set in use: the best one, or the one that ADDERNET_ISA names. */
  isa: string;
  /** All instruction sets that this CPU and this build support, best first. */
  supported: string[];
  /**
   * How adder layers of 8 bits are computed: `psadbw` (sums of absolute differences), `max_dot` (maxima and dot products), `mixed` (both in
   * turn), `vdbpsadbw` (sliding sums of absolute differences), or the one way of other instruction sets. Results are the same. It is the best
   * one for the CPU's make, or the one that ADDERNET_BYTE_ADDER names.
   */
  byteAdder: string;
  /** All byte adders of the instruction set in use, best first. */
  byteAdders: string[];
  /** The largest number of threads that an operation uses. */
  threads: number;
}
