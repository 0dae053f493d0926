// From C++ to JavaScript's errors with codes (lib/errors.ts).
#pragma once
#include <napi.h>

#include <exception>
#include <new>
#include <string>

#include "../runtime/status.h"

[[noreturn]] inline void throw_coded(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  throw error;
}

struct Failure {
  const char *code, *message;
};
// What a status other than kOk says.
inline Failure failure_of(Status status) {
  switch (status) {
    case Status::kShape:
      return {"ERR_SHAPE", "sizes do not fit each other or are too large"};
    case Status::kMemory:
      return {"ERR_MEMORY", "not enough memory for working buffers"};
    case Status::kNotFinite:
      return {"ERR_ARGUMENT", "x holds a number that is not finite, for which no quantized number stands"};
    default:
      return {"ERR_INTERNAL", "an unexpected exception in native code"};
  }
}

// The code as a call of JavaScript is given it: undefined if all is well.
inline Napi::Value code_of(Napi::Env env, Status status) {
  if (status == Status::kOk) return env.Undefined();
  return Napi::String::New(env, failure_of(status).code);
}

// f(), and what C++ throws in it as an error of JavaScript: any other exception would pass through Node and abort the process.
template <class F>
auto with_coded_errors(Napi::Env env, const char* op, const F& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw_coded(env, "ERR_MEMORY", std::string(op) + ": not enough memory");
  } catch (const std::exception& error) {
    throw_coded(env, "ERR_INTERNAL", std::string(op) + ": " + error.what());
  } catch (...) {
    throw_coded(env, "ERR_INTERNAL", std::string(op) + ": an unknown exception");
  }
}
