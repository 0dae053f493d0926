// How an operation ended. Nothing below binding/ throws: a Status travels up and becomes one JavaScript error.
#pragma once

enum class Status {
  kOk,
  kShape,      // sizes do not fit each other, or their product overflows
  kMemory,     // working memory is out
  kNotFinite,  // a number to be quantized is NaN or infinite
};
