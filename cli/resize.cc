#include "cli/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace convstep::cli {
namespace {

// What one new pixel is made of along an axis.
struct Mean {
  int64_t first;
  std::vector<double> weights;
};

std::vector<Mean> means_along(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), reach = std::max(scale, 1.0);
  std::vector<Mean> means;
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(0, std::llround(std::floor(centre - reach + 0.5)));
    const auto end = std::min<int64_t>(from, std::llround(std::floor(centre + reach + 0.5)));
    Mean mean{first, {}};
    double sum = 0;
    for (int64_t k = first; k < end; ++k) {
      const double distance = std::abs((static_cast<double>(k) + 0.5 - centre) / reach);
      mean.weights.push_back(std::max(0.0, 1 - distance));
      sum += mean.weights.back();
    }
    for (double& weight : mean.weights) weight /= sum;
    means.push_back(std::move(mean));
  }
  return means;
}

// Along the middle one of three axes (outer, from, inner).
Tensor<float, 3> resized_axis(View<const float, 3> x, int64_t to) {
  const std::vector<Mean> means = means_along(x.shape(1), to);
  Tensor<float, 3> y({x.shape(0), to, x.shape(2)});
  for (int64_t o = 0; o < x.shape(0); ++o) {
    for (int64_t i = 0; i < to; ++i) {
      const Mean& mean = means[static_cast<size_t>(i)];
      for (int64_t c = 0; c < x.shape(2); ++c) {
        double sum = 0;
        for (size_t k = 0; k < mean.weights.size(); ++k)
          sum += mean.weights[k] * x(o, mean.first + static_cast<int64_t>(k), c);
        y(o, i, c) = static_cast<float>(sum);
      }
    }
  }
  return y;
}

}  // namespace

Tensor<float, 4> resized(const Tensor<float, 4>& picture, int64_t height, int64_t width) {
  const int64_t H = picture.shape(1), W = picture.shape(2), C = picture.shape(3);
  if (height == H && width == W) return picture;
  const Tensor<float, 3> wide = resized_axis(picture.reshape<3>({H, W, C}), width);
  return resized_axis(wide.reshape<3>({1, H, width * C}), height).reshape<4>({1, height, width, C});
}

}  // namespace convstep::cli
