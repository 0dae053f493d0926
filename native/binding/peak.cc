#include "../cpu/peak.h"

#include "args.h"
#include "runtime.h"

// (name, steps) -> elements
Napi::Value RunPeak(const Napi::CallbackInfo& info) {
  constexpr double kMostSteps = 1 << 30;
  const Arguments args(info, "peak");
  const std::string name = info[0].ToString();
  const PeakRow* row = find_peak(name.c_str());
  if (!row) args.fail("ERR_ARGUMENT", "there is no peak named '" + name + "'");
  const double steps = args.number(1, "steps");
  if (!(steps >= 1 && steps <= kMostSteps)) args.fail("ERR_ARGUMENT", "steps is not a number from 1 to 2^30");
  return Napi::Number::New(info.Env(), run_peak(row->of(kernels(info.Env())), threads(info.Env()), static_cast<size_t>(steps)));
}
