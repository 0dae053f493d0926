// Preloaded (LD_PRELOAD) into a process that loads the addon: as long as the environment variable ADDERNET_FAIL_THREADS is set, the system
// gives no thread, as it does beyond a limit of processes.
#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include <cstdlib>

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  const char* const setting = std::getenv("ADDERNET_FAIL_THREADS");
  if (setting && *setting) return EAGAIN;
  static const auto create = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  return create(thread, attributes, start, argument);
}
