// The active kernel table and the threads, for the other files of this folder.
#pragma once
#include <napi.h>

#include "../cpu/dispatch.h"
#include "../runtime/thread_pool.h"

constexpr long kMaxThreads = 1024;

const KernelTable& kernels(Napi::Env env);  // throws ERR_ISA where ADDERNET_ISA names no supported table
ThreadPool& threads(Napi::Env env);         // throws ERR_ARGUMENT where ADDERNET_NUM_THREADS is not a number of threads
