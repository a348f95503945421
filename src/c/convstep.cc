// convstep.cc: the operations for C. Exceptions become codes, and the message of the last one is kept for its thread.
#include "convstep/c/convstep.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <variant>

#include "convstep/conv.h"
#include "convstep/error.h"
#include "convstep/pad.h"
#include "convstep/pool.h"
#include "convstep/runtime.h"
#include "convstep/version.h"

using namespace convstep;

struct convstep_conv_plan {
  std::variant<ConvPlan<float>, ConvPlan<double>> plan;
};

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

// Cut off where a message is longer, so that keeping it cannot fail.
thread_local char last_error[1024];

convstep_status failed(convstep_status status, const char* message) {
  const size_t length = std::min(std::strlen(message), sizeof(last_error) - 1);
  std::memcpy(last_error, message, length);
  last_error[length] = '\0';
  return status;
}

struct Stopped {};

template <class Function>
convstep_status guarded(const Function& function) {
  try {
    function();
    return CONVSTEP_OK;
  } catch (const ShapeError& error) {
    return failed(CONVSTEP_SHAPE_ERROR, error.what());
  } catch (const ArgumentError& error) {
    return failed(CONVSTEP_PARAMETER_ERROR, error.what());
  } catch (const std::bad_alloc&) {
    return failed(CONVSTEP_NO_MEMORY, "there is not enough memory");
  } catch (const Stopped&) {
    return failed(CONVSTEP_STOPPED, "progress: it stopped the call");
  } catch (const std::exception& error) {
    return failed(CONVSTEP_OTHER_ERROR, error.what());
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {  // the thread is being cancelled
    throw;
#endif
  } catch (...) {
    return failed(CONVSTEP_OTHER_ERROR, "an exception of an unknown kind");
  }
}

ProgressCallback to_progress(convstep_progress progress, void* context) {
  if (!progress) return {};
  return [=](int64_t done, int64_t total) {
    if (progress(context, done, total) != 0) throw Stopped();
  };
}

template <class T>
const T& given(const char* argument, const T* pointer) {
  if (!pointer) throw ParameterError(argument, "a null pointer", "an address");
  return *pointer;
}

template <class T>
constexpr convstep_dtype kDtype = std::is_same_v<T, float>    ? CONVSTEP_FLOAT32
                                  : std::is_same_v<T, double> ? CONVSTEP_FLOAT64
                                                              : CONVSTEP_INT64;

std::string name_of(convstep_dtype dtype) {
  constexpr const char* kNames[] = {"float32", "float64", "int64"};
  return CONVSTEP_FLOAT32 <= dtype && dtype <= CONVSTEP_INT64 ? kNames[dtype]
                                                              : "dtype " + std::to_string(static_cast<int>(dtype));
}

template <class T, int Rank>
View<T, Rank> to_view(const char* argument, const convstep_array* pointer) {
  const convstep_array& array = given(argument, pointer);
  if (array.rank != Rank) {
    throw ShapeError(argument, "rank " + std::to_string(array.rank),
                     std::to_string(Rank) + (Rank == 1 ? " axis" : " axes"));
  }
  using Element = std::remove_const_t<T>;
  if (array.dtype != kDtype<Element>) {
    throw ParameterError(argument, name_of(array.dtype), name_of(kDtype<Element>));
  }
  element_count(argument, array.shape, Rank, sizeof(T));
  Shape<Rank> shape, strides;
  std::copy_n(array.shape, Rank, shape.begin());
  std::copy_n(array.strides, Rank, strides.begin());
  return {static_cast<T*>(array.data), shape, strides};
}

// Of an array that may be left out.
template <class T, int Rank>
View<T, Rank> to_view_or_none(const char* argument, const convstep_array* pointer) {
  return pointer ? to_view<T, Rank>(argument, pointer) : View<T, Rank>();
}

Shape<4> to_shape(const char* argument, const int64_t* lengths) {
  given(argument, lengths);
  return {lengths[0], lengths[1], lengths[2], lengths[3]};
}

void write_shape(const Shape<4>& shape, int64_t* output) {
  given("output", output);
  std::copy(shape.begin(), shape.end(), output);
}

// Calls compute(float()) or compute(double()), as the array's dtype says.
template <class Compute>
void with_dtype(const char* argument, const convstep_array* pointer, const Compute& compute) {
  const convstep_array& array = given(argument, pointer);
  if (array.dtype == CONVSTEP_FLOAT32) return compute(float());
  if (array.dtype == CONVSTEP_FLOAT64) return compute(double());
  throw ParameterError(argument, name_of(array.dtype), "float32 or float64");
}

Size2 to_size(const convstep_size& size) { return {size.height, size.width}; }

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

}  // namespace

const char* convstep_last_error(void) { return last_error; }

const char* convstep_version(void) { return version(); }

convstep_array convstep_dense(void* data, convstep_dtype dtype, int rank, const int64_t* shape) {
  convstep_array array{data, dtype, rank, {}, {}};
  int64_t step = 1;
  for (int axis = std::min(rank, 4) - 1; axis >= 0; --axis) {
    array.shape[axis] = shape[axis];
    array.strides[axis] = step;
    // Too large a shape is refused by the call that the array is given to, whatever its strides.
    if (__builtin_mul_overflow(step, std::max<int64_t>(shape[axis], 1), &step)) step = 0;
  }
  return array;
}

convstep_conv_options convstep_conv_default_options(void) {
  convstep_conv_options options{};
  options.stride = options.dilation = {1, 1};
  options.groups = 1;
  options.slope = ConvOptions().slope;
  return options;
}

convstep_status convstep_conv_output_shape(const int64_t input[4], const int64_t weights[4],
                                           const convstep_conv_options* options, int64_t output[4]) {
  return guarded([&] {
    write_shape(conv_output_shape(to_shape("input", input), to_shape("weights", weights), to_options(options)), output);
  });
}

convstep_status convstep_conv_forward(const convstep_array* input, const convstep_array* weights,
                                      const convstep_array* bias, const convstep_array* residual,
                                      const convstep_array* output, const convstep_conv_options* options) {
  return guarded([&] {
    with_dtype("input", input, [&]<class T>(T) {
      conv_forward(to_view<const T, 4>("input", input), to_view<const T, 4>("weights", weights),
                   to_view_or_none<const T, 1>("bias", bias), to_view<T, 4>("output", output), to_options(options),
                   to_view_or_none<const T, 4>("residual", residual));
    });
  });
}

convstep_status convstep_conv_plan_create(convstep_conv_plan** plan, const int64_t input[4],
                                          const convstep_array* weights, const convstep_array* bias,
                                          const convstep_conv_options* options) {
  return guarded([&] {
    given("plan", plan);
    *plan = nullptr;
    with_dtype("weights", weights, [&]<class T>(T) {
      *plan = new convstep_conv_plan{ConvPlan<T>(to_shape("input", input), to_view<const T, 4>("weights", weights),
                                                 to_view_or_none<const T, 1>("bias", bias), to_options(options))};
    });
  });
}

convstep_status convstep_conv_plan_run(const convstep_conv_plan* plan, const convstep_array* input,
                                       const convstep_array* residual, const convstep_array* output) {
  return guarded([&] {
    const auto run = [&]<class T>(const ConvPlan<T>& typed) {
      typed.run(to_view<const T, 4>("input", input), to_view<T, 4>("output", output),
                to_view_or_none<const T, 4>("residual", residual));
    };
    std::visit(run, given("plan", plan).plan);
  });
}

void convstep_conv_plan_destroy(convstep_conv_plan* plan) { delete plan; }

convstep_pool_options convstep_pool_default_options(void) {
  convstep_pool_options options{};
  options.window = options.stride = options.dilation = {1, 1};
  options.p = PoolOptions().p;
  return options;
}

convstep_status convstep_pool_output_shape(const int64_t input[4], const convstep_pool_options* options,
                                           int64_t output[4]) {
  return guarded([&] { write_shape(pool_output_shape(to_shape("input", input), to_options(options)), output); });
}

convstep_status convstep_pool_forward(const convstep_array* input, const convstep_array* output,
                                      const convstep_array* indices, const convstep_pool_options* options) {
  return guarded([&] {
    with_dtype("input", input, [&]<class T>(T) {
      const auto from = to_view<const T, 4>("input", input);
      const auto to = to_view<T, 4>("output", output);
      if (!indices) return pool_forward(from, to, to_options(options));
      pool_forward(from, to, to_view<int64_t, 4>("indices", indices), to_options(options));
    });
  });
}

convstep_status convstep_pad_output_shape(const int64_t input[4], const convstep_padding* padding, int64_t output[4]) {
  return guarded(
      [&] { write_shape(pad_output_shape(to_shape("input", input), to_padding(given("padding", padding))), output); });
}

convstep_status convstep_zero_pad(const convstep_array* input, const convstep_array* output,
                                  const convstep_padding* padding) {
  return guarded([&] {
    with_dtype("input", input, [&]<class T>(T) {
      zero_pad(to_view<const T, 4>("input", input), to_view<T, 4>("output", output),
               to_padding(given("padding", padding)));
    });
  });
}

int convstep_num_threads(void) {
  int threads = 0;
  guarded([&] { threads = num_threads(); });
  return threads;
}

convstep_status convstep_set_num_threads(int64_t threads) {
  return guarded([&] { set_num_threads(threads); });
}

void convstep_release_memory(void) { release_memory(); }
