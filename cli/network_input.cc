#include "cli/network_input.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>

#include "cli/axes.h"
#include "cli/numbers.h"
#include "cli/options.h"
#include "cli/resize.h"
#include "convstep/network_file.h"
#include "convstep/onnx.h"

namespace convstep::cli {
namespace {

constexpr int64_t kLargestSide = 1 << 16;

std::string text_of(const std::vector<int64_t>& shape) {
  return to_string(shape.data(), static_cast<int>(shape.size()));
}

// With what a network that wants another number of channels can do without: alpha; and grey as three alike.
Tensor<float, 4> with_channels(const Tensor<float, 4>& picture, int64_t wanted, const std::string& argument) {
  const int64_t C = picture.shape(3), colours = C - (C + 1) % 2;
  if (wanted < 0 || wanted == C) return picture;
  if (wanted != colours && colours != 1) {
    throw ShapeError(argument, fmt::format("a picture of {} channels", C),
                     fmt::format("{}, as the network takes", wanted));
  }
  Tensor<float, 4> result({1, picture.shape(1), picture.shape(2), wanted});
  for (int64_t y = 0; y < result.shape(1); ++y) {
    for (int64_t x = 0; x < result.shape(2); ++x) {
      for (int64_t c = 0; c < wanted; ++c) result(0, y, x, c) = picture(0, y, x, std::min(c, colours - 1));
    }
  }
  return result;
}

double of_channel(const std::vector<double>& numbers, int64_t channel, double otherwise) {
  if (numbers.empty()) return otherwise;
  return numbers.size() == 1 ? numbers[0] : numbers[static_cast<size_t>(channel)];
}

void check_count(const char* option, const std::vector<double>& numbers, int64_t channels) {
  if (numbers.size() <= 1 || static_cast<int64_t>(numbers.size()) == channels) return;
  throw ParameterError(option, fmt::format("{} numbers", numbers.size()),
                       fmt::format("one, or one for each of {} channels", channels));
}

// Does a shape, of which -1 is free, allow the other?
bool fits(const std::vector<int64_t>& declared, const std::vector<int64_t>& shape) {
  if (declared.size() != shape.size()) return false;
  for (size_t k = 0; k < shape.size(); ++k) {
    if (declared[k] >= 0 && declared[k] != shape[k]) return false;
  }
  return true;
}

std::string declared_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t length : shape) text += (text.empty() ? "" : ", ") + (length < 0 ? "any" : std::to_string(length));
  return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

std::vector<double> parse_divisors(const char* option, const std::string& text) {
  std::vector<double> numbers = parse_reals(option, text);
  if (std::count(numbers.begin(), numbers.end(), 0) == 0) return numbers;
  throw CLI::ValidationError(option, "\"" + text + "\" would divide by 0");
}

}  // namespace

Size2 parse_picture_size(const std::string& option, const std::string& text) {
  std::string numbers = text;
  const size_t cross = numbers.find('x');
  if (cross != std::string::npos) numbers[cross] = ',';
  const Size2 size = parse_size(option, numbers);
  for (const int64_t side : {size.height, size.width}) {
    if (side < 1 || side > kLargestSide) {
      throw CLI::ValidationError(option,
                                 fmt::format("{} is not a height and a width from 1 to {}", text, kLargestSide));
    }
  }
  return size;
}

void add_layout_option(CLI::App& command, bool& channels_first) {
  const Choices<bool> layouts{{"nhwc", false}, {"nchw", true}};
  add_choice(
      command, "--layout", layouts, [&channels_first](const std::string&, bool value) { channels_first = value; },
      "Arrays of four axes, read and written, are (N, H, W, C) or (N, C, H, W) (default: nhwc)");
}

void add_input_options(CLI::App& command, InputOptions& options) {
  command
      .add_option_function<std::string>(
          "--size", [&options](const std::string& text) { options.size = parse_picture_size("--size", text); },
          "Stretch pictures to this height and width")
      ->type_name("N|HxW");
  command
      .add_option_function<std::string>(
          "--mean", [&options](const std::string& text) { options.mean = parse_reals("--mean", text); },
          "Taken from pictures, whose values are from 0 to 1: one, or one per channel (default: 0)")
      ->type_name("X|R,G,B");
  command
      .add_option_function<std::string>(
          "--std", [&options](const std::string& text) { options.deviation = parse_divisors("--std", text); },
          "What is left of pictures is divided by it (default: 1)")
      ->type_name("X|R,G,B");
  add_layout_option(command, options.channels_first);
}

template <class T>
NetworkInput<T>::NetworkInput(const Input& input, const NetworkArrayInfo& info, const InputOptions& options) {
  input.is_picture ? take_picture(input, info, options) : take_array(input, info, options);
  if (!fits(info.shape, shape_)) {
    const bool is_other_size =
        input.is_picture && !options.size && info.shape.size() == 4 && info.shape[1] > 0 && info.shape[2] > 0;
    std::vector<int64_t> turned = shape_;
    if (turned.size() == 4) turned = {shape_[0], shape_[2], shape_[3], shape_[1]};
    const char* other_layout = options.channels_first ? "--layout nhwc" : "--layout nchw";
    throw ShapeError(input.argument, text_of(shape_), declared_text(info.shape),
                     is_other_size ? fmt::format("--size {}x{} stretches it", info.shape[1], info.shape[2])
                     : !input.is_picture && turned != shape_ && fits(info.shape, turned)
                         ? std::string(other_layout) + " takes it as it is"
                         : "");
  }
}

template <class T>
void NetworkInput<T>::take_picture(const Input& input, const NetworkArrayInfo& info, const InputOptions& options) {
  Tensor<float, 4> picture = input.array.to<float, 4>(input.argument);
  picture = with_channels(picture, info.shape.size() == 4 ? info.shape[3] : -1, input.argument);
  if (options.size) picture = resized(picture, options.size->height, options.size->width);
  const int64_t channels = picture.shape(3);
  check_count("--mean", options.mean, channels);
  check_count("--std", options.deviation, channels);
  if (info.is_integer) throw ParameterError(input.argument, "a picture", "whole numbers");
  shape_.assign(picture.shape().begin(), picture.shape().end());
  reals_ = Tensor<T, 1>({picture.size()});
  for (int64_t i = 0; i < picture.size(); ++i) {
    const int64_t c = i % channels;
    const double mean = of_channel(options.mean, c, 0), deviation = of_channel(options.deviation, c, 1);
    reals_(i) = static_cast<T>((picture.data()[i] - mean) / deviation);
  }
}

template <class T>
void NetworkInput<T>::take_array(const Input& input, const NetworkArrayInfo& info, const InputOptions& options) {
  const char* of_pictures = options.size                 ? "--size"
                            : !options.mean.empty()      ? "--mean"
                            : !options.deviation.empty() ? "--std"
                                                         : nullptr;
  if (of_pictures) {
    throw ParameterError(of_pictures, "an array for " + input.argument, "pictures", "arrays are taken as they are");
  }
  const Array array = info.shape.size() == 4 && input.array.shape.size() == 2 ? as_images(input).array : input.array;
  shape_ = array.shape;
  if (!info.is_integer) {
    reals_ = array.flat<T>();
  } else if (array.dtype == Dtype::kFloat32 || array.dtype == Dtype::kFloat64) {
    throw ParameterError(input.argument, dtype_name(array.dtype), "whole numbers");
  } else if (array.dtype == Dtype::kInt64) {
    const auto* elements = reinterpret_cast<const int64_t*>(array.bytes.data());
    integers_ = Tensor<int64_t, 1>({array.size()}, std::span(elements, static_cast<size_t>(array.size())));
  } else {
    const Tensor<double, 1> elements = array.flat<double>();
    integers_ = Tensor<int64_t, 1>({elements.size()});
    std::transform(elements.begin(), elements.end(), integers_.begin(),
                   [](double x) { return static_cast<int64_t>(x); });
  }
  if (!options.channels_first || shape_.size() != 4) return;
  const int64_t C = shape_[1], H = shape_[2], W = shape_[3];
  shape_ = {shape_[0], H, W, C};
  strides_ = {C * H * W, W, 1, H * W};
}

template <class T>
NetworkArray<const T> NetworkInput<T>::array() const {
  std::vector<int64_t> strides = strides_;
  if (strides.empty()) {
    strides.assign(shape_.size(), 1);
    for (size_t axis = shape_.size(); axis-- > 1;)
      strides[axis - 1] = strides[axis] * std::max<int64_t>(shape_[axis], 1);
  }
  if (integers_.size() > 0) return {integers_.data(), shape_, strides};
  return {reals_.data(), shape_, strides};
}

template <class T>
Network<T> load_any_network(const std::string& path) {
  std::string mark(2, '\0');
  std::ifstream(path, std::ios::binary).read(mark.data(), 2);
  return mark == "PK" ? load_network<T>(path) : load_onnx<T>(path);
}

template class NetworkInput<float>;
template class NetworkInput<double>;
template Network<float> load_any_network(const std::string&);
template Network<double> load_any_network(const std::string&);

}  // namespace convstep::cli
