#include "../cpu/peak.h"

#include "exports.h"
#include "runtime.h"

namespace {
// (name, rounds) -> elements
Napi::Value RunPeak(const Arguments& args) {
  constexpr double kMaxRounds = 1 << 30;
  const std::string name = args(0, "name").string();
  const PeakRow* row = find_peak(name.c_str());
  if (!row) args.fail("ERR_ARGUMENT", "there is no peak named '" + name + "'");
  const auto rounds = static_cast<size_t>(args(1, "rounds").integer_in_range(1, kMaxRounds));
  return Napi::Number::New(args.env(), run_peak(row->of(kernels(args.env())), threads(args.env()), rounds));
}
}  // namespace

void export_peak(Exports& exports) { exports.set<RunPeak>("peak"); }
