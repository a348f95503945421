#include "cli/canvas.h"

#include <algorithm>

namespace convstep::cli {

void fill(const Canvas& canvas, const Box& box, const Colour& colour) {
  const int64_t bottom = std::min(box.top + box.height, canvas.shape(0));
  const int64_t right = std::min(box.left + box.width, canvas.shape(1));
  for (int64_t y = std::max<int64_t>(box.top, 0); y < bottom; ++y) {
    for (int64_t x = std::max<int64_t>(box.left, 0); x < right; ++x) {
      for (int c = 0; c < 3; ++c) canvas(y, x, c) = colour[c];
    }
  }
}

}  // namespace convstep::cli
