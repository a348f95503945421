// convstep.cc: the operations for C.
#include "convstep/c/convstep.h"

#include <algorithm>
#include <variant>

#include "c/calls.h"
#include "convstep/pad.h"
#include "convstep/runtime.h"
#include "convstep/version.h"

using namespace convstep;
using namespace convstep::c;

struct convstep_conv_plan {
  std::variant<ConvPlan<float>, ConvPlan<double>> plan;
};

namespace {

void write_shape(const Shape<4>& shape, int64_t* output) {
  given("output", output);
  std::copy(shape.begin(), shape.end(), output);
}

}  // namespace

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
