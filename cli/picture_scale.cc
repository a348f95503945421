#include "cli/picture_scale.h"

#include <algorithm>
#include <cmath>

#include "cli/numbers.h"
#include "cli/outputs.h"
#include "convstep/error.h"

namespace convstep::cli {

template <class T>
ValueRange PictureScale::range_of(const Tensor<T, 4>& result) const {
  if (range) return *range;
  ValueRange found{INFINITY, -INFINITY};
  const int64_t channels = result.shape(3), colours = alpha ? channels - 1 : channels;
  for (int64_t k = 0; k < result.size(); ++k) {
    const auto value = static_cast<double>(result.data()[k]);
    if (!std::isfinite(value) || k % channels >= colours) continue;
    found = {std::min(found.low, value), std::max(found.high, value)};
  }
  if (found.low >= 0 && found.high <= 1) return {};
  if (found.low > found.high) return {};  // nothing finite
  if (found.low == found.high) found.high = std::nextafter(found.low, INFINITY);
  return found;
}

template <class T>
Tensor<float, 4> PictureScale::picture(const std::string& name, const Tensor<T, 4>& result,
                                       const ValueRange& ends) const {
  const Shape<4>& shape = result.shape();
  const int64_t channels = shape[3], colours = alpha ? channels - 1 : channels;
  if (shape[0] != 1 || (colours != 1 && colours != 3)) {
    throw ShapeError(name, to_string(shape), "one image of 1 or 3 channels for a picture",
                     "write an .npy file, and let 'convstep draw' show all its channels");
  }
  auto picture = Tensor<float, 4>::uninitialized(shape);
  for (int64_t k = 0; k < result.size(); ++k) {
    const auto value = static_cast<double>(result.data()[k]);
    const bool colour = k % channels < colours;
    // Halves, so that the width of no finite range overflows.
    const double part = colour ? (value / 2 - ends.low / 2) / (ends.high / 2 - ends.low / 2) : value;
    picture.data()[k] = static_cast<float>(part);
  }
  return picture;
}

void add_range_option(CLI::App& command, PictureScale& scale) {
  const auto parse = [&scale](const std::string& text) {
    const std::vector<double> given = parse_reals("--range", text);
    const bool usable = given.size() == 2 && std::isfinite(given[0]) && std::isfinite(given[1]) && given[0] < given[1];
    if (!usable) throw CLI::ValidationError("--range", "\"" + text + "\" is not a lower and a higher number: 0,1");
    scale.range = {given[0], given[1]};
  };
  command
      .add_option_function<std::string>("--range", parse,
                                        "The values that are black and white in a .png (default: 0,1, or the smallest "
                                        "and the largest where some lie beyond)")
      ->type_name("LOW,HIGH");
}

void check_range_option(const PictureScale& scale, const std::string& output_path) {
  if (scale.range && !names_picture(output_path)) throw CLI::ValidationError("--range", "goes with an output in .png");
}

template ValueRange PictureScale::range_of(const Tensor<float, 4>&) const;
template ValueRange PictureScale::range_of(const Tensor<double, 4>&) const;
template Tensor<float, 4> PictureScale::picture(const std::string&, const Tensor<float, 4>&, const ValueRange&) const;
template Tensor<float, 4> PictureScale::picture(const std::string&, const Tensor<double, 4>&, const ValueRange&) const;

}  // namespace convstep::cli
