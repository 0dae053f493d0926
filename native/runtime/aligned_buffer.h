// A block of plain values aligned to a cache line, freed at the end of its scope. No exceptions: check ok().
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t count) {
    if (count <= SIZE_MAX / sizeof(T)) data_ = static_cast<T*>(::operator new(count * sizeof(T), kAlign, std::nothrow));
    if (data_) bytes_ = count * sizeof(T);
  }
  ~AlignedBuffer() { ::operator delete(data_, kAlign); }
  AlignedBuffer(AlignedBuffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  bool ok() const { return data_ != nullptr; }
  size_t bytes() const { return bytes_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

 private:
  static constexpr std::align_val_t kAlign{64};
  T* data_ = nullptr;
  size_t bytes_ = 0;
};
