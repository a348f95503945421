// backward.cc: the gradients for C.
#include <variant>

#include "c/calls.h"
#include "convstep/activation.h"
#include "convstep/pad.h"

using namespace convstep;
using namespace convstep::c;

struct convstep_conv_backward_plan {
  std::variant<ConvBackwardPlan<float>, ConvBackwardPlan<double>> plan;
};

convstep_status convstep_conv_backward_input(const convstep_array* grad, const convstep_array* weights,
                                             const convstep_array* input_grad, const convstep_conv_options* options,
                                             int accumulate) {
  return guarded([&] {
    with_dtype("grad", grad, [&]<class T>(T) {
      conv_backward_input(to_view<const T, 4>("grad", grad), to_view<const T, 4>("weights", weights),
                          to_view<T, 4>("input_grad", input_grad), to_options(options), accumulate != 0);
    });
  });
}

convstep_status convstep_conv_backward_weights(const convstep_array* grad, const convstep_array* input,
                                               const convstep_array* weights_grad, const convstep_array* bias_grad,
                                               const convstep_conv_options* options, int accumulate) {
  return guarded([&] {
    with_dtype("grad", grad, [&]<class T>(T) {
      conv_backward_weights(to_view<const T, 4>("grad", grad), to_view<const T, 4>("input", input),
                            to_view<T, 4>("weights_grad", weights_grad), to_view_or_none<T, 1>("bias_grad", bias_grad),
                            to_options(options), accumulate != 0);
    });
  });
}

convstep_status convstep_conv_backward_plan_create(convstep_conv_backward_plan** plan, const int64_t input[4],
                                                   const convstep_array* weights,
                                                   const convstep_conv_options* options) {
  return guarded([&] {
    given("plan", plan);
    *plan = nullptr;
    with_dtype("weights", weights, [&]<class T>(T) {
      *plan = new convstep_conv_backward_plan{
          ConvBackwardPlan<T>(to_shape("input", input), to_view<const T, 4>("weights", weights), to_options(options))};
    });
  });
}

convstep_status convstep_conv_backward_plan_run_input(const convstep_conv_backward_plan* plan,
                                                      const convstep_array* grad, const convstep_array* input_grad,
                                                      int accumulate) {
  return guarded([&] {
    const auto run = [&]<class T>(const ConvBackwardPlan<T>& typed) {
      typed.run_input(to_view<const T, 4>("grad", grad), to_view<T, 4>("input_grad", input_grad), accumulate != 0);
    };
    std::visit(run, given("plan", plan).plan);
  });
}

convstep_status convstep_conv_backward_plan_run_weights(const convstep_conv_backward_plan* plan,
                                                        const convstep_array* grad, const convstep_array* input,
                                                        const convstep_array* weights_grad,
                                                        const convstep_array* bias_grad, int accumulate) {
  return guarded([&] {
    const auto run = [&]<class T>(const ConvBackwardPlan<T>& typed) {
      typed.run_weights(to_view<const T, 4>("grad", grad), to_view<const T, 4>("input", input),
                        to_view<T, 4>("weights_grad", weights_grad), to_view_or_none<T, 1>("bias_grad", bias_grad),
                        accumulate != 0);
    };
    std::visit(run, given("plan", plan).plan);
  });
}

void convstep_conv_backward_plan_destroy(convstep_conv_backward_plan* plan) { delete plan; }

convstep_status convstep_pool_backward(const convstep_array* grad, const convstep_array* input,
                                       const convstep_array* input_grad, const convstep_pool_options* options,
                                       convstep_pool_ties ties, int accumulate) {
  return guarded([&] {
    with_dtype("grad", grad, [&]<class T>(T) {
      pool_backward(to_view<const T, 4>("grad", grad), to_view<const T, 4>("input", input),
                    to_view<T, 4>("input_grad", input_grad), to_options(options), static_cast<PoolTies>(ties),
                    accumulate != 0);
    });
  });
}

convstep_status convstep_pool_backward_by_indices(const convstep_array* grad, const convstep_array* indices,
                                                  const convstep_array* input_grad,
                                                  const convstep_pool_options* options, int accumulate) {
  return guarded([&] {
    with_dtype("grad", grad, [&]<class T>(T) {
      pool_backward(to_view<const T, 4>("grad", grad), to_view<const int64_t, 4>("indices", indices),
                    to_view<T, 4>("input_grad", input_grad), to_options(options), accumulate != 0);
    });
  });
}

convstep_status convstep_activation_backward(const convstep_array* grad, const convstep_array* input,
                                             const convstep_array* input_grad, convstep_activation activation,
                                             double slope) {
  return guarded([&] {
    with_dtype("grad", grad, [&]<class T>(T) {
      activation_backward(to_view<const T, 4>("grad", grad), to_view<const T, 4>("input", input),
                          to_view<T, 4>("input_grad", input_grad), static_cast<Activation>(activation), slope);
    });
  });
}

convstep_status convstep_zero_pad_backward(const convstep_array* grad, const convstep_array* input_grad,
                                           const convstep_padding* padding) {
  return guarded([&] {
    with_dtype("grad", grad, [&]<class T>(T) {
      zero_pad_backward(to_view<const T, 4>("grad", grad), to_view<T, 4>("input_grad", input_grad),
                        to_padding(given("padding", padding)));
    });
  });
}
