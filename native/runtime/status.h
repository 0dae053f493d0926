// How an operation ended. Nothing below binding/ throws: a Status travels up and becomes one JavaScript error.
#pragma once

enum class Status {
  kOk,
  kShape,      // sizes that do not fit each other, or whose product overflows
  kMemory,     // working memory could not be had
  kNotFinite,  // a number to be quantized is NaN or an infinity
};
