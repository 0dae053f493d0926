// The right operand of a matrix product, packed once into panels that tiles read from front to back.
#pragma once
#include <algorithm>

#include "../kernels/kernel_table.h"
#include "../runtime/aligned_buffer.h"
#include "../runtime/round.h"
#include "../runtime/thread_pool.h"

// How columns, in groups of equal size, lie in panels. Panel q of a group holds its columns [q * nr, q * nr + nr), zeros where there are no
// more.
struct PanelGrid {
  PanelGrid(size_t groups, size_t group_columns, size_t nr)
      : group_columns(group_columns), nr(nr), per_group(divide_up(group_columns, nr)), count(groups * per_group) {}
  // Panel i of all groups: how many columns it holds, and the first one among those of all groups.
  size_t columns(size_t i) const { return std::min(nr, group_columns - i % per_group * nr); }
  size_t first_column(size_t i) const { return i / per_group * group_columns + i % per_group * nr; }

  const size_t group_columns, nr, per_group, count;
};

// Panels of any kind, [groups][panels][panel_elems].
template <class T>
class PackedPanels {
 public:
  PackedPanels(const PanelGrid& grid, size_t panel_elems) : grid_(grid), panel_elems_(panel_elems), panels_(grid.count * panel_elems) {}

  // fill(i, panel) writes each panel, on all threads. A panel with fewer than nr columns is all zeros before.
  template <class Fill>
  void pack(ThreadPool& pool, const Fill& fill) {
    pool.parallel_for(grid_.count, [&](size_t i) {
      T* const panel = &panels_[i * panel_elems_];
      if (grid_.columns(i) < grid_.nr) std::fill_n(panel, panel_elems_, T{});
      fill(i, panel);
    });
  }

  bool ok() const { return panels_.ok(); }
  size_t bytes() const { return panels_.bytes(); }
  const PanelGrid& grid() const { return grid_; }
  const T* operator[](size_t i) const { return &panels_[i * panel_elems_]; }

 private:
  const PanelGrid grid_;
  const size_t panel_elems_;
  AlignedBuffer<T> panels_;
};

// Panels of floats, [groups][panels][k][nr], and where the product needs them the sums over k of each column.
class ProductPanels {
 public:
  // columns [groups * group_columns][k], as filters lie
  ProductPanels(const LayoutKernels& layout, bool needs_sums, ThreadPool& pool, const PanelGrid& grid, size_t k, const float* columns)
      : panels_(grid, k * grid.nr), sums_(grid.count * grid.nr) {
    if (!ok()) return;
    panels_.pack(pool, [&](size_t i, float* panel) {
      const float* const first = columns + grid.first_column(i) * k;
      layout.transpose(grid.columns(i), k, first, k, panel, grid.nr);
      float* const sums = &sums_[i * grid.nr];
      std::fill_n(sums, grid.nr, 0.0f);
      if (needs_sums) layout.row_sums(grid.columns(i), k, first, k, sums);
    });
  }
  bool ok() const { return panels_.ok() && sums_.ok(); }
  size_t bytes() const { return panels_.bytes() + sums_.bytes(); }
  const PanelGrid& grid() const { return panels_.grid(); }
  const float* panel(size_t i) const { return panels_[i]; }
  const float* sums(size_t i) const { return &sums_[i * grid().nr]; }

 private:
  PackedPanels<float> panels_;
  AlignedBuffer<float> sums_;  // [groups][panels][nr]
};
