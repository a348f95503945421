// tiles.h: the tiles of a block, in the order in which they lie in the workspace.
#pragma once

#include <algorithm>
#include <array>

#include "conv/winograd/blocking.h"
#include "conv/winograd/kernel.h"
#include "tiling/region.h"

namespace convstep {

// The m x m tiles of some rows of images, numbered row by row, of no channels yet. The last ones of a row and of a
// column may be shorter.
class WinogradGrid {
 public:
  WinogradGrid(const WindowGeometry& geometry, const RowRange& rows, int64_t m)
      : rows_(rows), width_(geometry.width.output), m_(m), across_(divide_up(width_, m)) {}

  int64_t tiles_per_image() const { return divide_up(rows_.count, m_) * across_; }
  OutputRegion operator[](int64_t number) const {
    const int64_t in_image = number % tiles_per_image(), row = rows_.first + in_image / across_ * m_,
                  column = in_image % across_ * m_;
    return {
        number / tiles_per_image(), row, std::min(m_, rows_.end() - row), column, std::min(m_, width_ - column), 0, 0};
  }

 private:
  RowRange rows_;
  int64_t width_, m_, across_;
};

// Tiles of an image's last row are shorter down where its height is no multiple of m, those of its last column shorter
// across. They lack some of the elements xi. The order is
//   shorter down, whole, shorter across, shorter in both
// so that the tiles which have an element lie side by side, whatever the element.
class WinogradTileList {
 public:
  // Tiles first .. first + count - 1 of the grid, whose last ones have the axes `down` and `across`.
  template <class T>
  WinogradTileList(const WinogradGrid& grid, int64_t first, int64_t count, int64_t m,
                   const kernels::WinogradAxis<T>& down, const kernels::WinogradAxis<T>& across) {
    std::array<OutputRegion, kMostWinogradTiles> in_image;  // in the order of the grid
    for (int64_t t = 0; t < count; ++t) in_image[static_cast<size_t>(t)] = grid[first + t];
    int64_t ends[4];  // of the four kinds
    for (int kind = 0; kind < 4; ++kind) {
      for (int64_t t = 0; t < count; ++t) {
        const OutputRegion& tile = in_image[static_cast<size_t>(t)];
        const bool short_down = tile.rows < m, short_across = tile.columns < m;
        if (kind == (short_across ? 2 + short_down : 1 - short_down)) tiles_[static_cast<size_t>(size_++)] = tile;
      }
      ends[kind] = size_;
    }
    const int64_t points = down.whole;
    for (int64_t i = 0; i < points; ++i) {
      for (int64_t j = 0; j < points; ++j) {
        const bool all_down = down.has(i), all_across = across.has(j);
        const int64_t begin = all_down ? 0 : ends[0], end = ends[!all_across ? 1 : !all_down ? 2 : 3];
        of_[static_cast<size_t>(i * points + j)] = {begin, end - begin};
      }
    }
  }

  int64_t size() const { return size_; }
  const OutputRegion& operator[](int64_t t) const { return tiles_[static_cast<size_t>(t)]; }
  const kernels::WinogradRange* of() const { return of_.data(); }  // each xi

 private:
  static constexpr int kMostPoints = kernels::WinogradAxis<float>::kMostPoints;

  int64_t size_ = 0;
  std::array<OutputRegion, kMostWinogradTiles> tiles_;
  std::array<kernels::WinogradRange, kMostPoints * kMostPoints> of_;
};

}  // namespace convstep
