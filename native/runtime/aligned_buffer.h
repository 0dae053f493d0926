// A block of plain values aligned to a cache line, freed at the end of its scope. No exceptions: check ok().
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>

template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t count) {
    if (count <= SIZE_MAX / sizeof(T)) data_ = static_cast<T*>(::operator new(count * sizeof(T), kAlign, std::nothrow));
  }
  ~AlignedBuffer() { ::operator delete(data_, kAlign); }
  AlignedBuffer(AlignedBuffer&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    T* mine = data_;
    data_ = other.data_;
    other.data_ = mine;
    return *this;
  }
  bool ok() const { return data_ != nullptr; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

 private:
  static constexpr std::align_val_t kAlign{64};
  T* data_ = nullptr;
};
