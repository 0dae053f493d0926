// Panels of integer products (IntegerTileArgs).
#pragma once
#include <cstdint>
#include <cstring>

// The filters of nr channels as k-groups: panel[k-group][nr], zeros where a segment or the channels end. The panel is all zeros before.
template <class KGroup, class T>
void pack_groups(const T* filters, size_t channels, size_t k, size_t segment_elems, size_t nr, unsigned char* panel) {
  constexpr size_t kElems = sizeof(KGroup) / sizeof(T);
  for (size_t segment = 0; segment < k; segment += segment_elems)
    for (size_t e = 0; e < segment_elems; e += kElems, panel += nr * sizeof(KGroup)) {
      const size_t left = segment_elems - e;
      const T* const first = filters + segment + e;
      if (left >= kElems)
        for (size_t j = 0; j < channels; ++j) std::memcpy(panel + j * sizeof(KGroup), first + j * k, sizeof(KGroup));
      else
        for (size_t j = 0; j < channels; ++j) std::memcpy(panel + j * sizeof(KGroup), first + j * k, left * sizeof(T));
    }
}

template <class T>
void pack_panel(size_t group_bytes, const T* filters, size_t channels, size_t k, size_t segment_elems, size_t nr, unsigned char* panel) {
  switch (group_bytes) {
    case 2:
      return pack_groups<uint16_t>(filters, channels, k, segment_elems, nr, panel);
    case 4:
      return pack_groups<uint32_t>(filters, channels, k, segment_elems, nr, panel);
    default:
      return pack_groups<uint64_t>(filters, channels, k, segment_elems, nr, panel);
  }
}
