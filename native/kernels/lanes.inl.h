// Passes over rows a vector at a time: the last vector of a row may have fewer lanes than a register.
#pragma once

namespace {
struct WholeVector {
  template <class T>
  ALWAYS_INLINE auto get(const T* p) const -> decltype(load(p)) {
    return load(p);
  }
  template <class T, class V>
  ALWAYS_INLINE void put(T* p, V a) const {
    store(p, a);
  }
};
struct PartialVector {
  size_t n;
  template <class T>
  ALWAYS_INLINE auto get(const T* p) const -> decltype(load(p)) {
    return load_partial(p, n);
  }
  template <class T, class V>
  ALWAYS_INLINE void put(T* p, V a) const {
    store_partial(p, a, n);
  }
};

// use(first element, lanes) for each vector of n elements, floats or int32.
template <class Use>
ALWAYS_INLINE void each_vector(size_t n, Use use) {
  size_t i = 0;
  for (; i + f32v::N <= n; i += f32v::N) use(i, WholeVector{});
  if (i < n) use(i, PartialVector{n - i});
}
}  // namespace
