#include "conv/input_gradient/border.h"

#include <cmath>
#include <vector>

namespace convstep {
namespace {

// A tap of the window and the position of the output whose window reads an element through it.
struct Reader {
  int64_t tap, output;
};

// What reads the element at `index` of an axis, from the first output on.
std::vector<Reader> readers_of(const WindowAxis& axis, int64_t index) {
  std::vector<Reader> readers;
  for (int64_t tap = axis.window - 1; tap >= 0; --tap) {
    const int64_t place = index + axis.before - tap * axis.dilation;
    if (place >= 0 && place % axis.stride == 0 && place / axis.stride < axis.output) {
      readers.push_back({tap, place / axis.stride});
    }
  }
  return readers;
}

// Would more taps read the element if there were outputs without end?
bool is_at_border(const WindowAxis& axis, int64_t index) {
  for (int64_t tap = 0; tap < axis.window; ++tap) {
    const int64_t place = index + axis.before - tap * axis.dilation;
    if (place % axis.stride == 0 && (place < 0 || place / axis.stride >= axis.output)) return true;
  }
  return false;
}

}  // namespace

template <class T>
void mend_border(const ConvProblem& problem, const View<const T, 4>& swapped, const View<const T, 4>& grad,
                 const View<T, 4>& input_grad) {
  const auto& [height, width] = problem.geometry;
  const auto [N, H, W, C] = input_grad.shape();
  const int64_t outputs = problem.group_outputs();
  for (int64_t h = 0; h < H; ++h) {
    const bool row_is = is_at_border(height, h);
    const std::vector<Reader> rows = readers_of(height, h);
    for (int64_t w = 0; w < W; ++w) {
      if (!row_is && !is_at_border(width, w)) continue;
      const std::vector<Reader> columns = readers_of(width, w);
      for (int64_t n = 0; n < N; ++n) {
        for (int64_t c = 0; c < C; ++c) {
          const int64_t first = c / problem.group_channels() * outputs;
          T sum = 0;
          for (const Reader& row : rows) {
            for (const Reader& column : columns) {
              for (int64_t o = 0; o < outputs; ++o) {
                sum = std::fma(grad(n, row.output, column.output, first + o), swapped(row.tap, column.tap, o, c), sum);
              }
            }
          }
          input_grad(n, h, w, c) = sum;
        }
      }
    }
  }
}

template void mend_border(const ConvProblem&, const View<const float, 4>&, const View<const float, 4>&,
                          const View<float, 4>&);
template void mend_border(const ConvProblem&, const View<const double, 4>&, const View<const double, 4>&,
                          const View<double, 4>&);

}  // namespace convstep
