// What a convolution does with an input x and a weight w.
#pragma once

enum class ConvKind {
  kAdder,  // - |x - w|
  kConv,   // x * w
  kXnor,   // alpha * sgn(x) * sgn(w)
};
