// libFuzzer: each case is one operation of the core on random operands, geometry and threads, on every kernel table of this CPU.
#include "fuzz_case.h"

namespace {
using Operation = void (*)(Case& c);
constexpr Operation kOperations[] = {fuzz_forward,  fuzz_integer, fuzz_gradient,         fuzz_forward,     fuzz_integer,
                                     fuzz_winograd, fuzz_pool,    fuzz_batch_norm,       fuzz_elementwise, fuzz_training,
                                     fuzz_image,    fuzz_shape,   fuzz_winograd_integer, fuzz_symmetric};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Case c(data, size);
  c.bytes.one_of(kOperations)(c);
  return 0;
}
