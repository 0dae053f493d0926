// The kernel tables that this CPU can run, and the active one of the process: the best instruction set with the byte adder that suits the
// CPU, unless ADDERNET_ISA and ADDERNET_BYTE_ADDER name others.
#pragma once
#include <cstddef>
#include <string_view>

#include "../kernels/kernel_table.h"

constexpr size_t kMaxTables = 8;  // of one architecture

// One instruction set: tables that differ in their byte adder alone, best first.
struct InstructionSet {
  const KernelTable* tables[kMaxByteAdders];
  size_t count;
  const KernelTable* find(std::string_view byte_adder) const;  // null if there is none of that name
  const KernelTable* default_table() const;                    // with the byte adder that ADDERNET_BYTE_ADDER names, else the best
};
struct SupportedTables {
  const KernelTable* tables[kMaxTables];  // of each instruction set, best first, the one with the best byte adder
  InstructionSet sets[kMaxTables];        // in the same order
  size_t count;
  const KernelTable* find(std::string_view isa) const;  // null if there is none of that name
  const InstructionSet& set_of(const KernelTable& table) const;
};
const SupportedTables& supported_tables();

// The table that the environment chooses; null, with what is wrong, if ADDERNET_ISA or ADDERNET_BYTE_ADDER names none of the supported
// ones. Never falls back in silence.
struct Choice {
  const KernelTable* table;
  const char* variable;         // the one that names what is not there, and
  const InstructionSet* among;  // for ADDERNET_BYTE_ADDER, the instruction set that lacks it
};
const Choice& initial_choice();

const KernelTable* active_table();  // null where the initial choice is and nothing else was set
void set_active_table(const KernelTable* table);
