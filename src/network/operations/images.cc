#include "network/operations/images.h"

#include "convstep/error.h"

namespace convstep::network {
namespace {

constexpr Wording::Argument kArguments[] = {{"input", "X", {0, 3, 1, 2}},
                                            {"weights", "W", {3, 2, 0, 1}},
                                            {"weights (KH, KW)", "kernel_shape"},
                                            {"window", "kernel_shape"},
                                            {"bias", "B"},
                                            {"residual", "residual", {0, 3, 1, 2}},
                                            {"output", "Y", {0, 3, 1, 2}},
                                            {"grad", "X", {0, 3, 1, 2}},
                                            {"input_grad", "Y", {0, 3, 1, 2}},
                                            {"stride", "strides"},
                                            {"dilation", "dilations"},
                                            {"padding", "pads"},
                                            {"groups", "group"}};
// Arrays of a file are not in another order than ONNX's.
constexpr Wording::Phrase kPhrases[] = {
    {Guess::kItIsNchw, ""},      {Guess::kItIsFiltersFirst, ""},       {Guess::kArraysAreNchw, ""},
    {Guess::kImagesAreNchw, ""}, {Guess::kWeightsAreFiltersFirst, ""}, {Guess::kWeightsAreDepthwise, ""},
    {Guess::kEachByItself, ""}};

void check_image_rank(const char* argument, const Dims& shape, const char* axes) {
  if (shape.rank() == 3 || shape.rank() == 4) return;
  throw ShapeError(argument, to_string(shape), axes,
                   shape.rank() == 5 ? "images of three dimensions are not supported" : "");
}

std::string numbers(const std::vector<int64_t>& values) {
  return convstep::to_string(values.data(), static_cast<int>(values.size()));
}

}  // namespace

const Wording kImageWording{kArguments, kPhrases};

Shape<4> image_shape(const char* argument, const Dims& shape) {
  check_image_rank(argument, shape, "(N, C, H, W) or (N, C, L)");
  if (shape.rank() == 3) return {shape[0], 1, shape[2], shape[1]};
  return {shape[0], shape[2], shape[3], shape[1]};
}

Dims image_dims(const Shape<4>& image, int rank) {
  const auto [N, H, W, C] = image;
  return rank == 3 ? Dims{N, C, W} : Dims{N, C, H, W};
}

Dims image_order(int rank) { return rank == 3 ? Dims{0, 2, 1} : channels_last(); }

Shape<4> filter_shape(const char* argument, const Dims& shape) {
  check_image_rank(argument, shape, "(O, C, KH, KW) or (O, C, K)");
  if (shape.rank() == 3) return {1, shape[2], shape[1], shape[0]};
  return {shape[2], shape[3], shape[1], shape[0]};
}

Size2 size_attribute(const Node& node, const char* attribute, int axes, const Size2& otherwise) {
  const std::vector<int64_t> values = node.integers(attribute);
  if (values.empty()) return otherwise;
  if (values.size() != static_cast<size_t>(axes)) {
    throw ParameterError(attribute, numbers(values), axes == 1 ? "one number" : "two numbers");
  }
  return axes == 1 ? Size2{1, values[0]} : Size2{values[0], values[1]};
}

Padding padding_attribute(const Node& node, int axes) {
  const std::string rule = node.text("auto_pad", "NOTSET");
  if (rule == "SAME_UPPER") return Padding::same_upper();
  if (rule == "SAME_LOWER") return Padding::same_lower();
  if (rule == "VALID") return Padding::valid();
  if (rule != "NOTSET") throw ParameterError("auto_pad", "'" + rule + "'", "NOTSET, SAME_UPPER, SAME_LOWER or VALID");
  const std::vector<int64_t> pads = node.integers("pads");
  if (pads.empty()) return {};
  if (pads.size() != 2 * static_cast<size_t>(axes)) {
    throw ParameterError("pads", numbers(pads), axes == 1 ? "two numbers" : "four numbers");
  }
  // All beginnings come before all ends.
  return axes == 1 ? Padding(0, 0, pads[0], pads[1]) : Padding(pads[0], pads[2], pads[1], pads[3]);
}

}  // namespace convstep::network
