// One block of working memory per thread, kept between tasks so that steady work allocates nothing. ScratchLayout says what lies in it.
#pragma once
#include <cstddef>

// 64-byte aligned, valid until this thread's next call; null if memory is out or if more than a gigabyte is requested, which only paddings
// far beyond any image do. Contents are undefined.
void* thread_scratch(size_t bytes);
// What a thread that used scratch memory calls before it ends; those of start_thread.h never do.
void free_thread_scratch();
