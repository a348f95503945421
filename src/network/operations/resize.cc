// resize.cc: Resize.
//
//   X (any axes)   roi, scales, sizes: constants, a number for each of `axes` (of roi two)   Y
#include <algorithm>
#include <cmath>
#include <sstream>

#include "network/operations/images.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"
#include "network/operations/resize_taps.h"

namespace convstep::network {
namespace {

template <class Value>
struct Choice {
  const char* name;
  Value value;
};

template <class Value, size_t Count>
Value choice(const Node& node, const char* attribute, const char* otherwise, const Choice<Value> (&choices)[Count]) {
  const std::string name = node.text(attribute, otherwise);
  std::string names;
  for (const Choice<Value>& one : choices) {
    if (name == one.name) return one.value;
    names += (names.empty() ? "" : ", ") + std::string(one.name);
  }
  throw ParameterError(attribute, "'" + name + "'", "one of " + names);
}

using Rule = ResizeRule;
constexpr Choice<Rule::Mode> kModes[] = {
    {"nearest", Rule::Mode::kNearest}, {"linear", Rule::Mode::kLinear}, {"cubic", Rule::Mode::kCubic}};
constexpr Choice<Rule::Coordinates> kCoordinates[] = {{"half_pixel", Rule::Coordinates::kHalfPixel},
                                                      {"half_pixel_symmetric", Rule::Coordinates::kHalfPixelSymmetric},
                                                      {"pytorch_half_pixel", Rule::Coordinates::kPytorchHalfPixel},
                                                      {"align_corners", Rule::Coordinates::kAlignCorners},
                                                      {"asymmetric", Rule::Coordinates::kAsymmetric},
                                                      {"tf_crop_and_resize", Rule::Coordinates::kTfCropAndResize}};
constexpr Choice<Rule::Nearest> kNearest[] = {{"round_prefer_floor", Rule::Nearest::kRoundPreferFloor},
                                              {"round_prefer_ceil", Rule::Nearest::kRoundPreferCeil},
                                              {"floor", Rule::Nearest::kFloor},
                                              {"ceil", Rule::Nearest::kCeil}};
enum class Policy { kStretch, kNotLarger, kNotSmaller };
constexpr Choice<Policy> kPolicies[] = {
    {"stretch", Policy::kStretch}, {"not_larger", Policy::kNotLarger}, {"not_smaller", Policy::kNotSmaller}};

ResizeRule rule_of(const Node& node) {
  return {.mode = choice(node, "mode", "nearest", kModes),
          .coordinates = choice(node, "coordinate_transformation_mode", "half_pixel", kCoordinates),
          .nearest = choice(node, "nearest_mode", "round_prefer_floor", kNearest),
          .cubic_coeff_a = node.real("cubic_coeff_a", -0.75),
          .antialias = node.integer("antialias", 0) != 0,
          .exclude_outside = node.integer("exclude_outside", 0) != 0};
}

// The numbers of an optional input, one axis of them, that must be known; none where it is left out.
template <class T>
std::vector<double> constant_reals(const Request<T>& request, size_t index, const char* name) {
  const ValueInfo<T>& input = request.input(index);
  if (!input || input.shape.count() == 0) return {};
  check_element(input, name, Element::kReal);
  if (!input.constant) throw ParameterError(name, "what only a run tells", "constant numbers");
  const std::vector<T> elements = elements_of(input.constant.real());
  return {elements.begin(), elements.end()};
}

void check_count(const char* name, size_t given, size_t expected) {
  if (given == expected) return;
  throw ParameterError(name, std::to_string(given) + " numbers", std::to_string(expected));
}

std::string text(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

// The axes that are resized, all where nothing is said.
template <class T>
std::vector<int> axes_of(const Request<T>& request) {
  const int rank = request.input(0).shape.rank();
  const std::vector<int64_t> given = request.node.integers("axes");
  marked_axes("axes", given, rank);
  std::vector<int> axes;
  for (const int64_t axis : given) axes.push_back(check_axis("axes", axis, rank));
  for (int axis = 0; given.empty() && axis < rank; ++axis) axes.push_back(axis);
  return axes;
}

void set_by_scales(const std::vector<double>& scales, std::vector<ResizedAxis>& resized) {
  check_count("scales", scales.size(), resized.size());
  for (size_t i = 0; i < scales.size(); ++i) {
    const double output = std::floor(static_cast<double>(resized[i].input) * scales[i]);
    if (!(scales[i] > 0 && output >= 1 && output < 0x1p62)) {
      throw ParameterError("scales", text(scales[i]), "more than 0, and such that an element is left",
                           "the axis is " + std::to_string(resized[i].input) + " long");
    }
    resized[i].scale = scales[i];
    resized[i].output = static_cast<int64_t>(output);
  }
}

void set_by_sizes(const std::vector<int64_t>& sizes, Policy policy, std::vector<ResizedAxis>& resized) {
  check_count("sizes", sizes.size(), resized.size());
  double least = HUGE_VAL, most = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 1) throw ParameterError("sizes", std::to_string(sizes[i]), "1 or more");
    resized[i].scale = static_cast<double>(sizes[i]) / static_cast<double>(resized[i].input);
    resized[i].output = sizes[i];
    least = std::min(least, resized[i].scale);
    most = std::max(most, resized[i].scale);
  }
  if (policy == Policy::kStretch) return;
  for (ResizedAxis& axis : resized) {
    axis.scale = policy == Policy::kNotLarger ? least : most;
    const double output = std::floor(axis.scale * static_cast<double>(axis.input) + 0.5);
    if (output < 1 || output >= 0x1p62) {
      throw ParameterError("keep_aspect_ratio_policy", text(output) + " elements along an axis", "1 or more");
    }
    axis.output = static_cast<int64_t>(output);
  }
}

template <class T>
std::vector<ResizedAxis> resized_axes(const Request<T>& request, const std::vector<int>& axes) {
  const Dims& shape = request.input(0).shape;
  std::vector<ResizedAxis> resized;
  for (const int axis : axes) {
    if (shape[axis] == 0) throw ShapeError("X", to_string(shape), "1 or more along each axis that is resized");
    resized.push_back({shape[axis], shape[axis], 1, 0, 1});
  }
  const std::vector<double> scales = constant_reals(request, 2, "scales");
  const Policy policy = choice(request.node, "keep_aspect_ratio_policy", "stretch", kPolicies);
  if (request.input(3)) {
    if (!scales.empty()) throw ParameterError("scales", "scales and sizes", "one of them");
    set_by_sizes(required_integers(request, 3, "sizes"), policy, resized);
  } else {
    set_by_scales(scales, resized);
  }
  if (rule_of(request.node).coordinates == Rule::Coordinates::kTfCropAndResize) {
    const std::vector<double> roi = constant_reals(request, 1, "roi");
    check_count("roi", roi.size(), 2 * axes.size());
    for (size_t i = 0; i < axes.size(); ++i) {
      resized[i].start = roi[i];
      resized[i].end = roi[axes.size() + i];
    }
  }
  return resized;
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "X");
  const ResizeRule rule = rule_of(request.node);
  if (input.element == Element::kInteger && rule.mode != Rule::Mode::kNearest) {
    throw ParameterError("mode", request.node.text("mode", ""), "nearest", "X has whole numbers");
  }
  if (rule.antialias && rule.mode == Rule::Mode::kNearest) throw ParameterError("antialias", "1", "0 for mode nearest");
  Dims shape = input.shape;
  const std::vector<int> axes = axes_of(request);
  const std::vector<ResizedAxis> resized = resized_axes(request, axes);
  for (size_t i = 0; i < axes.size(); ++i) shape[axes[i]] = resized[i].output;
  const Dims order = shape.rank() == 4 ? channels_last() : input.order;
  return {.outputs = {{input.element, check_size(shape, "Y"), order}}};
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  const std::vector<int> axes = axes_of(request);
  const std::vector<ResizedAxis> resized = resized_axes(request, axes);
  std::vector<AxisTaps> taps(static_cast<size_t>(inferred.outputs[0].shape.rank()));
  for (size_t i = 0; i < axes.size(); ++i) {
    taps[static_cast<size_t>(axes[i])] = resize_taps(rule_of(request.node), resized[i]);
  }
  const T outside = static_cast<T>(request.node.real("extrapolation_value", 0));
  Step<T> step;
  step.method = request.node.text("mode", "nearest") + ", axis by axis";
  step.run = [taps, outside, order = inferred.outputs[0].order](const StepArrays<T>& arrays, const RunOptions& run) {
    with_elements(arrays.inputs[0], [&](const auto& from) {
      using U = std::remove_cvref_t<decltype(*from.data)>;
      apply_taps<U>({from.data, from.shape, from.strides}, elements<U>(arrays.outputs[0]), order, taps,
                    static_cast<U>(outside), run);
    });
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> resize_operation() {
  return {"Resize", 4, infer<T>, make<T>};
}
template Operation<float> resize_operation();
template Operation<double> resize_operation();

}  // namespace convstep::network
