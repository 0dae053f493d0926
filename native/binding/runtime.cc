#include "runtime.h"

#include <cstdlib>

#include "../runtime/thread_count.h"
#include "exports.h"

namespace {
// What an instruction set or a byte adder may be called: that member of each table.
template <class Tables>
Napi::Array names(Napi::Env env, const Tables& tables, const char* KernelTable::*member) {
  Napi::Array names = Napi::Array::New(env);
  for (size_t i = 0; i < tables.count; ++i) names.Set(static_cast<uint32_t>(i), tables.tables[i]->*member);
  return names;
}
template <class Tables>
std::string listed(const Tables& tables, const char* KernelTable::*member) {
  std::string names;
  for (size_t i = 0; i < tables.count; ++i) names += (i ? ", " : "") + std::string(tables.tables[i]->*member);
  return names;
}
std::string available_isas() { return "', but this CPU and build have: " + listed(supported_tables(), &KernelTable::isa); }
std::string available_byte_adders(const InstructionSet& set) {
  return "', but instruction set " + std::string(set.tables[0]->isa) + " has: " + listed(set, &KernelTable::byte_adder);
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
    const Choice& choice = initial_choice();
    const char* forced = std::getenv(choice.variable);
    throw_coded(env, "ERR_ISA",
                std::string(choice.variable) + " is '" + (forced ? forced : "") +
                    (choice.among ? available_byte_adders(*choice.among) : available_isas()));
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
  const KernelTable& table = kernels(env);
  result.Set("isa", table.isa);
  result.Set("supported", names(env, supported_tables(), &KernelTable::isa));
  result.Set("byteAdder", table.byte_adder);
  result.Set("byteAdders", names(env, supported_tables().set_of(table), &KernelTable::byte_adder));
  result.Set("threads", static_cast<double>(threads(env).threads()));
  return result;
}

void SetIsa(const Arguments& args) {
  const std::string name = args(0, "isa").string();
  const KernelTable* table = supported_tables().find(name);
  if (!table) throw_coded(args.env(), "ERR_ISA", "isa is '" + name + available_isas());
  set_active_table(supported_tables().set_of(*table).default_table());
}

// Of the active instruction set.
void SetByteAdder(const Arguments& args) {
  const std::string name = args(0, "byteAdder").string();
  const InstructionSet& set = supported_tables().set_of(kernels(args.env()));
  const KernelTable* table = set.find(name);
  if (!table) throw_coded(args.env(), "ERR_ISA", "byteAdder is '" + name + available_byte_adders(set));
  set_active_table(table);
}

void SetThreads(const Arguments& args) {
  threads(args.env()).set_threads(static_cast<size_t>(args(0, "threads").integer_in_range(1, kMaxThreads)));
}
}  // namespace

void export_runtime(Exports& exports) {
  exports.set<CpuInfo>("cpuInfo");
  exports.set<SetIsa>("setIsa");
  exports.set<SetByteAdder>("setByteAdder");
  exports.set<SetThreads>("setThreads");
}
