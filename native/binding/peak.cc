#include "../cpu/peak.h"

#include "exports.h"
#include "runtime.h"

namespace {
Napi::Value PeakNames(const Arguments& args) {
  Napi::Array names = Napi::Array::New(args.env());
  for (const NamedPeak& peak : list_peaks(kernels(args.env()))) names.Set(names.Length(), peak.name);
  return names;
}

// (name, rounds) -> elements
Napi::Value RunPeak(const Arguments& args) {
  constexpr double kMaxRounds = 1 << 30;
  const std::string name = args(0, "name").string();
  Peak run = nullptr;
  for (const NamedPeak& peak : list_peaks(kernels(args.env())))
    if (peak.name == name) run = peak.run;
  if (!run) args.fail("ERR_ARGUMENT", "there is no peak named '" + name + "'");
  const auto rounds = static_cast<size_t>(args(1, "rounds").integer_in_range(1, kMaxRounds));
  return Napi::Number::New(args.env(), run_peak(run, threads(args.env()), rounds));
}
}  // namespace

void export_peak(Exports& exports) {
  exports.set<PeakNames>("peakNames");
  exports.set<RunPeak>("peak");
}
