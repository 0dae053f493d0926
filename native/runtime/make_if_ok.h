#pragma once
#include <memory>
#include <new>
#include <utility>

// An object that allocates in its constructor; null if memory is out for it or, as its ok() says, for a buffer of its own.
template <class T, class... Args>
std::unique_ptr<T> make_if_ok(Args&&... args) {
  std::unique_ptr<T> object(new (std::nothrow) T(std::forward<Args>(args)...));
  if (object && !object->ok()) object.reset();
  return object;
}
