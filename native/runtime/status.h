// How an operation ended: a Status travels up and becomes one JavaScript error. Below binding/ nothing throws, but for std::bad_alloc where
// a plan is built (plan/plan.h), before any thread works on it.
#pragma once

enum class Status {
  kOk,
  kShape,      // sizes do not fit each other, or their product overflows
  kMemory,     // working memory is out
  kNotFinite,  // a number to be quantized is NaN or infinite
  kInternal,   // an exception that should not be: a defect
};
