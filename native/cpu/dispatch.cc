#include "dispatch.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "byte_adder_rules.h"
#include "detect.h"

namespace {
#if defined(ADDERNET_X64)
KernelTable with_vnni(KernelTable table, const char* isa, const VnniKernels& vnni) {
  table.isa = isa;
  for (ByteAdder& adder : table.integer.byte_adders) {
    if (!adder.name) break;
    if (std::string_view(adder.name) == "max_dot") adder.product = vnni.max_dot;
    if (std::string_view(adder.name) == "mixed") adder.product = vnni.mixed;
  }
  table.integer.l1_16 = vnni.l1_16;
  table.integer.dot_8 = table.integer.dot_7 = vnni.dot;
  return table;
}
// Every CPU with VPOPCNTDQ has VNNI besides, but for one that is no longer made.
KernelTable avx512_vnni(bool vpopcntdq) {
  KernelTable table = with_vnni(kKernelsAvx512, "avx512_vnni", kKernelsAvx512Vnni);
  if (vpopcntdq) table.xnor = kKernelsAvx512Vpopcntdq;
  return table;
}
#elif defined(ADDERNET_ARM64)
KernelTable neon_dotprod() {
  KernelTable table = kKernelsNeon;
  table.isa = "neon_dotprod";
  table.integer = kKernelsNeonDotprod;
  return table;
}
#endif

const ByteAdderRule& rule_for(std::string_view isa, const CpuFeatures& cpu) {
  const ByteAdderRule* rule = kByteAdderRules;
  while (rule->isa != isa || (rule->intel_only && !cpu.is_intel)) ++rule;
  return *rule;
}

// Copies of `table`, one for each of its byte adders, in static memory.
class Tables {
 public:
  Tables() {
    const CpuFeatures cpu = detect_cpu();
#if defined(ADDERNET_X64)
    if (cpu.avx512_vnni) add(avx512_vnni(cpu.avx512_vpopcntdq), cpu);
    if (cpu.avx512) add(kKernelsAvx512, cpu);
#if defined(ADDERNET_AVX2_VNNI)
    if (cpu.avx2_vnni) add(with_vnni(kKernelsAvx2, "avx2_vnni", kKernelsAvx2Vnni), cpu);
#endif
    if (cpu.avx2) add(kKernelsAvx2, cpu);
    if (cpu.sse41) add(kKernelsSse41, cpu);
#elif defined(ADDERNET_ARM64)
    if (cpu.neon_dotprod) add(neon_dotprod(), cpu);
    if (cpu.neon) add(kKernelsNeon, cpu);
#endif
#if defined(ADDERNET_WASM)
    add(kKernelsWasmSimd128, cpu);
#else
    add(kKernelsScalar, cpu);
#endif
  }
  SupportedTables supported = {};

 private:
  void add(const KernelTable& table, const CpuFeatures& cpu) {
    KernelTable* copies = tables_[supported.count];
    InstructionSet& set = supported.sets[supported.count];
    const ByteAdderRule& rule = rule_for(table.isa, cpu);
    for (const char* name : rule.best_first) {
      if (!name) break;
      const bool slides = std::string_view(name) == "vdbpsadbw";
      const ByteAdder* adder = slides ? best_tile(table.integer, rule) : find(table.integer, name);
      if (!adder || (slides && !table.integer.sliding)) continue;
      KernelTable& copy = copies[set.count] = table;
      copy.byte_adder = name;
      copy.integer.l1_8 = adder->product;
      if (!slides) copy.integer.sliding = nullptr;
      set.tables[set.count++] = &copy;
    }
    supported.tables[supported.count++] = set.tables[0];
  }
  static const ByteAdder* find(const IntegerKernels& kernels, std::string_view name) {
    for (const ByteAdder& adder : kernels.byte_adders)
      if (adder.name && adder.name == name) return &adder;
    return nullptr;
  }
  // For the shapes that vdbpsadbw does not fit.
  static const ByteAdder* best_tile(const IntegerKernels& kernels, const ByteAdderRule& rule) {
    const ByteAdder* best = nullptr;
    for (const char* name : rule.best_first)
      if (name && !best) best = find(kernels, name);
    return best;
  }
  KernelTable tables_[kMaxTables][kMaxByteAdders];
};

const char* forced([[maybe_unused]] const char* variable) {
#if defined(ADDERNET_WASM)  // there is one table and no environment
  return nullptr;
#else
  const char* name = std::getenv(variable);
  return name && *name ? name : nullptr;
#endif
}

Choice choose() {
  const SupportedTables& supported = supported_tables();
  const char *isa = forced("ADDERNET_ISA"), *byte_adder = forced("ADDERNET_BYTE_ADDER");
  const KernelTable* table = isa ? supported.find(isa) : supported.tables[0];
  if (!table) return {nullptr, "ADDERNET_ISA", nullptr};
  if (!byte_adder) return {table, nullptr, nullptr};
  const InstructionSet& set = supported.set_of(*table);
  return {set.find(byte_adder), "ADDERNET_BYTE_ADDER", &set};
}

std::atomic<const KernelTable*>& active() {
  static std::atomic<const KernelTable*> table = initial_choice().table;
  return table;
}
}  // namespace

const KernelTable* InstructionSet::find(std::string_view byte_adder) const {
  for (size_t i = 0; i < count; ++i)
    if (tables[i]->byte_adder == byte_adder) return tables[i];
  return nullptr;
}

const KernelTable* InstructionSet::default_table() const {
  const char* byte_adder = forced("ADDERNET_BYTE_ADDER");
  const KernelTable* table = byte_adder ? find(byte_adder) : nullptr;
  return table ? table : tables[0];
}

const KernelTable* SupportedTables::find(std::string_view isa) const {
  for (size_t i = 0; i < count; ++i)
    if (tables[i]->isa == isa) return tables[i];
  return nullptr;
}

const InstructionSet& SupportedTables::set_of(const KernelTable& table) const {
  size_t i = 0;
  while (std::string_view(tables[i]->isa) != table.isa) ++i;
  return sets[i];
}

const SupportedTables& supported_tables() {
  static const Tables tables;
  return tables.supported;
}

const Choice& initial_choice() {
  static const Choice choice = choose();
  return choice;
}

const KernelTable* active_table() { return active(); }
void set_active_table(const KernelTable* table) { active() = table; }
