#include "tally.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

namespace {
class Tally {
 public:
  void add(const char* operation, const char* isa) {
    ++calls_[{operation, isa}];
    ++of_isa_[isa];
  }
  void print() const {
    size_t all = 0;
    for (const auto& [of, calls] : calls_) std::fprintf(stderr, "%10zu  %-14s %s\n", calls, of.second.c_str(), of.first.c_str());
    for (const auto& [isa, calls] : of_isa_) {
      std::fprintf(stderr, "%10zu  %-14s calls\n", calls, isa.c_str());
      all += calls;
    }
    std::fprintf(stderr, "%10zu  calls in all\n", all);
  }

 private:
  std::map<std::pair<std::string, std::string>, size_t> calls_;
  std::map<std::string, size_t> of_isa_;
};
Tally* all = nullptr;
}  // namespace

void tally(const char* operation, const char* isa) {
  if (!all) {
    all = new Tally;
    std::atexit([] { all->print(); });  // WebAssembly is compiled without destructors of static objects
  }
  all->add(operation, isa);
}
