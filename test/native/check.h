// Tests of the core: a registry of functions, and a macro that checks. Each test draws from a random generator of its own, so that one run
// alone sees the same numbers as among all.
#pragma once
#include <cstdint>
#include <random>

struct Test {
  std::mt19937 random;  // seeded by --seed and the name
  int failures = 0;

  void check(bool holds, const char* expression, const char* file, int line);
  size_t integer(size_t min, size_t max) { return min + random() % (max - min + 1); }
  float uniform(float min, float max) { return min + (max - min) * static_cast<float>(random()) / 4294967296.0f; }
};

struct Registration {
  Registration(const char* name, void (*run)(Test&));
};

// TEST(name, "what it says") { … t … }
#define TEST(name, description)                                     \
  static void name(Test& t);                                        \
  static const Registration registration_##name(description, name); \
  static void name(Test& t)

#define CHECK(expression) t.check((expression), #expression, __FILE__, __LINE__)
