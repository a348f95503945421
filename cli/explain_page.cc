#include "cli/explain_page.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <bit>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays travel as they lie in memory");

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kGap = "@layer@";

std::string base64(const unsigned char* bytes, int64_t count) {
  std::string text;
  text.reserve(static_cast<size_t>((count + 2) / 3 * 4));
  for (int64_t k = 0; k < count; k += 3) {
    const int64_t left = std::min<int64_t>(count - k, 3);
    uint32_t group = 0;
    for (int64_t i = 0; i < 3; ++i) group = group << 8 | (i < left ? bytes[k + i] : 0u);
    for (int64_t i = 0; i < 4; ++i) text += i <= left ? kLetters[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

std::string json(const Array& array) {
  return fmt::format(R"({{"shape":[{}],"dtype":"{}","data":"{}"}})", fmt::join(array.shape, ","),
                     dtype_name(array.dtype), base64(array.bytes.data(), array.bytes.size()));
}

// Names of filters are letters and signs that stand for themselves.
std::string json(const ExplainedLayer& layer) {
  std::string text = fmt::format(R"({{"kind":"{}")", layer.kind);
  if (layer.picture) text += R"(,"picture":true)";
  if (layer.scaled_from) {
    text += fmt::format(R"(,"scaled_from":[{},{}])", layer.scaled_from->height, layer.scaled_from->width);
  }
  if (!layer.filters.empty()) text += fmt::format(R"(,"filters":["{}"])", fmt::join(layer.filters, R"(",")"));
  text += R"(,"input":)" + json(layer.input);
  if (layer.weights) text += R"(,"weights":)" + json(*layer.weights);
  if (layer.bias) text += R"(,"bias":)" + json(*layer.bias);
  if (layer.grad) text += R"(,"grad":)" + json(*layer.grad);
  text += fmt::format(R"(,"stride":{})", layer.stride);
  if (layer.kind == "conv") return text + fmt::format(R"(,"pad":{}}})", layer.pad);
  return text + fmt::format(R"(,"window":{},"mode":"{}"}})", layer.window, layer.mode);
}

void check_elements(const char* argument, const Array& array) {
  if (array.size() <= kMostElements && array.size() > 0) return;
  const std::string shape = to_string(array.shape.data(), static_cast<int>(array.shape.size()));
  throw ShapeError(argument, shape, fmt::format("1 to {} elements", kMostElements), "a part of it will do for a page");
}

void check_steps(const char* argument, int64_t given, int64_t least) {
  if (given >= least && given <= kMostSteps) return;
  throw ParameterError(argument, std::to_string(given), fmt::format("{} to {}", least, kMostSteps));
}

int64_t outputs_along(int64_t input, int64_t window, const ExplainedLayer& layer) {
  return (input - window + 2 * layer.pad) / layer.stride + 1;
}

}  // namespace

void check_explained(const ExplainedLayer& layer) {
  check_elements("A_prev", layer.input);
  if (layer.weights) check_elements("W", *layer.weights);
  check_steps("stride", layer.stride, 1);
  check_steps("pad", layer.pad, 0);
  const std::vector<int64_t>& shape = layer.input.shape;
  const int64_t high = layer.weights ? layer.weights->shape[0] : layer.window;
  const int64_t wide = layer.weights ? layer.weights->shape[1] : layer.window;
  for (const int64_t side : {high, wide}) check_steps("f", side, 1);
  const int64_t outputs = outputs_along(shape[1], high, layer) * outputs_along(shape[2], wide, layer);
  const int64_t each = high * wide * shape[3] * (layer.weights ? layer.weights->shape[3] : 1);
  if (shape[0] * outputs * each > kMostProducts) {
    throw ShapeError("A_prev", to_string(shape.data(), 4), fmt::format("a layer of up to {} products", kMostProducts),
                     fmt::format("this one takes {}; a part of it will do for a page", shape[0] * outputs * each));
  }
}

std::string explain_page(const ExplainedLayer& layer) {
  std::string page;
  for (const std::string_view piece : page_pieces()) {
    const size_t gap = piece.find(kGap);
    page += piece.substr(0, gap);
    if (gap != std::string_view::npos) (page += json(layer)) += piece.substr(gap + kGap.size());
  }
  return page;
}

}  // namespace convstep::cli
