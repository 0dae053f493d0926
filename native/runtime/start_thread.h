// Threads that live as long as the process.
#pragma once
#include <functional>

// False if the system gives no more threads.
bool start_thread(std::function<void()> run);
