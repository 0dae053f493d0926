// Linux with libstdc++: definitions that let the binary load where libstdc++ and glibc are older than on the machine it was built on
// (Node 20 itself needs GLIBC_2.28; RHEL 8 has GLIBCXX_3.4.25). They are hidden, so each name is bound inside the addon.
#include <condition_variable>
#include <new>

#if defined(__linux__) && defined(__GLIBCXX__)
namespace std {
void condition_variable::wait(unique_lock<mutex>& lock) { _M_cond.wait(*lock.mutex()); }  // GLIBCXX_3.4.30
void __throw_bad_array_new_length() { throw bad_alloc(); }                                // GLIBCXX_3.4.29
}  // namespace std

extern "C" char __libc_single_threaded;  // GLIBC_2.32, read by shared_ptr's counts
char __libc_single_threaded = 0;
#endif
