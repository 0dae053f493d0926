// The kernel tables that this CPU can run, and the active one of the process. ADDERNET_ISA names another one than the best.
#pragma once
#include <cstddef>
#include <string_view>

#include "../kernels/kernel_table.h"

constexpr size_t kMaxTables = 8;  // of one architecture

struct SupportedTables {
  const KernelTable* tables[kMaxTables];  // best first
  size_t count;
  const KernelTable* find(std::string_view isa) const;  // null if there is none of that name
};
const SupportedTables& supported_tables();

// The active table; null if ADDERNET_ISA names none of the supported ones. Never falls back in silence.
const KernelTable* active_table();
void set_active_table(const KernelTable* table);
