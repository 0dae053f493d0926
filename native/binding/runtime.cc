#include "runtime.h"

#include <cstdlib>

#include "../runtime/thread_count.h"
#include "exports.h"

namespace {
std::string supported_names() {
  std::string names;
  for (size_t i = 0; i < supported_tables().count; ++i) names += (i ? ", " : "") + std::string(supported_tables().tables[i]->isa);
  return names;
}

// 0 where ADDERNET_NUM_THREADS is set to something else than 1 … kMaxThreads.
size_t threads_at_start() {
  const char* text = std::getenv("ADDERNET_NUM_THREADS");
  if (!text || !*text) return default_threads();
  char* end;
  const long threads = std::strtol(text, &end, 10);
  return *end || threads < 1 || threads > kMaxThreads ? 0 : static_cast<size_t>(threads);
}
}  // namespace

const KernelTable& kernels(Napi::Env env) {
  const KernelTable* table = active_table();
  if (!table) {
    const char* forced = std::getenv("ADDERNET_ISA");
    throw_coded(env, "ERR_ISA",
                "ADDERNET_ISA is '" + std::string(forced ? forced : "") + "', but this CPU and build have: " + supported_names());
  }
  return *table;
}

ThreadPool& threads(Napi::Env env) {
  static const bool valid = [] {
    const size_t threads = threads_at_start();
    if (threads) process_pool().set_threads(threads);
    return threads != 0;
  }();
  if (!valid) throw_coded(env, "ERR_ARGUMENT", "ADDERNET_NUM_THREADS is not an integer from 1 to " + std::to_string(kMaxThreads));
  return process_pool();
}

namespace {
Napi::Value CpuInfo(const Arguments& args) {
  const Napi::Env env = args.env();
  Napi::Object result = Napi::Object::New(env);
  result.Set("isa", kernels(env).isa);
  Napi::Array names = Napi::Array::New(env);
  for (size_t i = 0; i < supported_tables().count; ++i) names.Set(static_cast<uint32_t>(i), supported_tables().tables[i]->isa);
  result.Set("supported", names);
  result.Set("threads", static_cast<double>(threads(env).threads()));
  return result;
}

void SetIsa(const Arguments& args) {
  const std::string name = args(0, "isa").string();
  const KernelTable* table = supported_tables().find(name);
  if (!table) throw_coded(args.env(), "ERR_ISA", "isa is '" + name + "', but this CPU and build have: " + supported_names());
  set_active_table(table);
}

void SetThreads(const Arguments& args) {
  threads(args.env()).set_threads(static_cast<size_t>(args(0, "threads").integer_in_range(1, kMaxThreads)));
}
}  // namespace

void export_runtime(Exports& exports) {
  exports.set<CpuInfo>("cpuInfo");
  exports.set<SetIsa>("setIsa");
  exports.set<SetThreads>("setThreads");
}
