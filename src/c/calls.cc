// calls.cc: the options of C as the library's, and the message of each thread's last error.
#include "c/calls.h"

#include <cstring>

namespace convstep::c {
namespace {

template <class Enum>
constexpr bool same(int c, Enum value) {
  return c == static_cast<int>(value);
}
static_assert(same(CONVSTEP_PADDING_SAME_UPPER, Padding::Rule::kSameUpper) &&
              same(CONVSTEP_PADDING_SAME_LOWER, Padding::Rule::kSameLower));
static_assert(same(CONVSTEP_FAST, Numerics::kFast) && same(CONVSTEP_NUMPY, Numerics::kNumpy));
static_assert(same(CONVSTEP_REFERENCE, ConvAlgorithm::kReference) && same(CONVSTEP_DIRECT, ConvAlgorithm::kDirect) &&
              same(CONVSTEP_WINOGRAD, ConvAlgorithm::kWinograd));
static_assert(same(CONVSTEP_RELU, Activation::kRelu) && same(CONVSTEP_RELU6, Activation::kRelu6) &&
              same(CONVSTEP_LEAKY_RELU, Activation::kLeakyRelu) && same(CONVSTEP_SIGMOID, Activation::kSigmoid) &&
              same(CONVSTEP_TANH, Activation::kTanh));
static_assert(same(CONVSTEP_MAX, PoolMode::kMax) && same(CONVSTEP_AVERAGE, PoolMode::kAverage) &&
              same(CONVSTEP_LP, PoolMode::kLp));
static_assert(same(CONVSTEP_TIES_FIRST, PoolTies::kFirst) && same(CONVSTEP_TIES_ALL, PoolTies::kAll));

// Cut off where a message is longer, so that keeping it cannot fail.
thread_local char last_error[1024];

ProgressCallback to_progress(convstep_progress progress, void* context) {
  if (!progress) return {};
  return [=](int64_t done, int64_t total) {
    if (progress(context, done, total) != 0) throw Stopped();
  };
}

Size2 to_size(const convstep_size& size) { return {size.height, size.width}; }

}  // namespace

convstep_status failed(convstep_status status, const char* message) {
  const size_t length = std::min(std::strlen(message), sizeof(last_error) - 1);
  std::memcpy(last_error, message, length);
  last_error[length] = '\0';
  return status;
}

std::string name_of(convstep_dtype dtype) {
  constexpr const char* kNames[] = {"float32", "float64", "int64"};
  return CONVSTEP_FLOAT32 <= dtype && dtype <= CONVSTEP_INT64 ? kNames[dtype]
                                                              : "dtype " + std::to_string(static_cast<int>(dtype));
}

Shape<4> to_shape(const char* argument, const int64_t* lengths) {
  given(argument, lengths);
  return {lengths[0], lengths[1], lengths[2], lengths[3]};
}

Padding to_padding(const convstep_padding& padding) {
  return {padding.top, padding.bottom, padding.left, padding.right, static_cast<Padding::Rule>(padding.rule)};
}

ConvOptions to_options(const convstep_conv_options* pointer) {
  const convstep_conv_options& options = given("options", pointer);
  return {.stride = to_size(options.stride),
          .padding = to_padding(options.padding),
          .dilation = to_size(options.dilation),
          .groups = options.groups,
          .activation = static_cast<Activation>(options.activation),
          .slope = options.slope,
          .numerics = static_cast<Numerics>(options.numerics),
          .algorithm = static_cast<ConvAlgorithm>(options.algorithm),
          .threads = options.threads,
          .progress = to_progress(options.progress, options.progress_context)};
}

PoolOptions to_options(const convstep_pool_options* pointer) {
  const convstep_pool_options& options = given("options", pointer);
  return {.window = to_size(options.window),
          .stride = to_size(options.stride),
          .mode = static_cast<PoolMode>(options.mode),
          .padding = to_padding(options.padding),
          .dilation = to_size(options.dilation),
          .ceil_mode = options.ceil_mode != 0,
          .count_include_pad = options.count_include_pad != 0,
          .p = options.p,
          .numerics = static_cast<Numerics>(options.numerics),
          .threads = options.threads,
          .progress = to_progress(options.progress, options.progress_context)};
}

}  // namespace convstep::c

const char* convstep_last_error(void) { return convstep::c::last_error; }
