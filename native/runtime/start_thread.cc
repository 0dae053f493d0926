#include "start_thread.h"

#include <exception>
#include <thread>
#ifdef _WIN32
#define NOMINMAX
#include <windows.h>
#endif

namespace {
// Node unloads an addon with the last worker that loaded it, and with it would go the code that threads run. On Linux the linker marks the
// addon (-z nodelete); macOS unloads nothing that has thread-local variables.
void stay_loaded() {
#ifdef _WIN32
  HMODULE module;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, reinterpret_cast<LPCWSTR>(&stay_loaded),
                     &module);
#endif
}
}  // namespace

bool start_thread(std::function<void()> run) {
  stay_loaded();
  try {
    std::thread(std::move(run)).detach();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}
