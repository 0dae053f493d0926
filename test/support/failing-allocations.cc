// Preloaded (LD_PRELOAD) into a process that loads the addon: the k-th allocation of the addon's code fails, and no other. k is what
// follows the colon in the environment variable ADDERNET_FAIL_ALLOCATION; counting begins anew whenever that changes.
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

namespace {
std::mutex mutex;
char armed[32];
long left = 0;

bool is_of_addon(const void* caller) {
  Dl_info info;
  return dladdr(caller, &info) && info.dli_fname && std::strstr(info.dli_fname, "addernet.node");
}

bool fails(const void* caller) {
  const char* const setting = std::getenv("ADDERNET_FAIL_ALLOCATION");
  if (!setting || !*setting || !is_of_addon(caller)) return false;
  const std::lock_guard<std::mutex> lock(mutex);
  if (std::strcmp(armed, setting) != 0) {
    std::strncpy(armed, setting, sizeof armed - 1);
    left = std::atol(std::strchr(setting, ':') + 1);
  }
  return --left == 0;
}

void* allocate(size_t bytes, const void* caller) { return fails(caller) ? nullptr : std::malloc(bytes ? bytes : 1); }
void* thrown_if_null(void* memory) {
  if (!memory) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(size_t bytes) { return thrown_if_null(allocate(bytes, __builtin_return_address(0))); }
void* operator new[](size_t bytes) { return thrown_if_null(allocate(bytes, __builtin_return_address(0))); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, __builtin_return_address(0)); }
void* operator new(size_t bytes, std::align_val_t align, const std::nothrow_t&) noexcept {
  const auto alignment = static_cast<size_t>(align);
  return fails(__builtin_return_address(0)) ? nullptr : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}
