#include "cli/axes.h"

#include <fmt/core.h>

#include <span>

namespace convstep::cli {
namespace {

// What an array of three axes may be, and what makes four of them: "[None]" behind it. The Python package hints at the
// same (python/arrays.cc).
struct Rewrite {
  const char *what, *code;
};
constexpr Rewrite kImages[] = {{"one image", "[None]"}, {"grey images", "[..., None]"}};
constexpr Rewrite kFilters[] = {{"one filter", "[..., None]"}, {"filters of one channel", "[:, :, None]"}};

// What x is in a hint.
std::string where(const Input& input) {
  const bool plain = !input.is_picture && input.path != "-" && input.path.find(':') == std::string::npos;
  return ", where x is " + (plain ? fmt::format("np.load(\"{}\")", input.path) : "the array");
}

void check_four_axes(const Input& input, std::span<const Rewrite> rewrites) {
  const size_t axes = input.array.shape.size();
  if (axes == 4) return;
  std::string hint;
  if (axes == 3) {
    for (const auto& [what, code] : rewrites) hint += fmt::format("for {}: np.save(\"new.npy\", x{}), ", what, code);
    hint.resize(hint.size() - 2);
    hint += where(input);
  }
  throw ShapeError(input.argument, input.shape_text(), "an array of 4 axes", hint);
}

}  // namespace

Input as_images(Input input) {
  std::vector<int64_t>& shape = input.array.shape;
  if (shape.size() == 2) shape = {1, shape[0], shape[1], 1};
  check_four_axes(input, kImages);
  return input;
}

Input as_filters(Input input, int64_t channels) {
  std::vector<int64_t>& shape = input.array.shape;
  if (shape.size() == 2 && channels != 1) {
    throw ShapeError(input.argument, input.shape_text(), fmt::format("({}, {}, {}, O)", shape[0], shape[1], channels),
                     fmt::format("the images have {0} channels; for the same filter on each by itself: "
                                 "np.save(\"new.npy\", np.stack([x[..., None]] * {0}, axis=3)) and --groups {0}{1}",
                                 channels, where(input)));
  }
  if (shape.size() == 2) shape.insert(shape.end(), {1, 1});
  check_four_axes(input, kFilters);
  return input;
}

Input as_window(Input input) {
  if (input.array.shape.size() == 2) input.array.shape.push_back(1);
  return input;
}

}  // namespace convstep::cli
