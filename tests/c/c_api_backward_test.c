/* c_api_backward_test.c: the gradients from C. */
#include <stdlib.h>

#include "tests/c/check.h"

/* dA, dW and db of the layer of edges, whose output's gradient is 1, 2, ..., 8; twice where they accumulate. */
static void gives_gradients_of_convolution(void) {
  static const double kInputGrad[] = {-1, -2, -2, -2, 3,  4, -6, -8, -4, -4, 10, 12,
                                      -6, -8, -4, -4, 10, 12, -5, -6, -2, -2, 7,  8};
  static const double kWeightsGrad[] = {12, 22, 30};
  const int64_t four[] = {1};
  double picture[24], filter[9], grad[8], input_grad[24], weights_grad[9], bias_grad[1];
  fill(picture, filter);
  for (int i = 0; i < 8; ++i) grad[i] = i + 1;
  convstep_array input = convstep_dense(picture, CONVSTEP_FLOAT64, 4, kPicture);
  convstep_array weights = convstep_dense(filter, CONVSTEP_FLOAT64, 4, kFilter);
  convstep_array g = convstep_dense(grad, CONVSTEP_FLOAT64, 4, kEdges);
  convstep_array dx = convstep_dense(input_grad, CONVSTEP_FLOAT64, 4, kPicture);
  convstep_array dw = convstep_dense(weights_grad, CONVSTEP_FLOAT64, 4, kFilter);
  convstep_array db = convstep_dense(bias_grad, CONVSTEP_FLOAT64, 1, four);
  convstep_conv_options options = convstep_conv_default_options();
  for (int way = 0; way < 2; ++way) {
    convstep_conv_backward_plan* plan = NULL;
    options.numerics = way == 0 ? CONVSTEP_FAST : CONVSTEP_NUMPY;
    CHECK(convstep_conv_backward_plan_create(&plan, kPicture, &weights, &options) == CONVSTEP_OK);
    for (int times = 1; times <= 2; ++times) {
      CHECK(convstep_conv_backward_input(&g, &weights, &dx, &options, times == 2) == CONVSTEP_OK);
      CHECK(convstep_conv_backward_weights(&g, &input, &dw, &db, &options, times == 2) == CONVSTEP_OK);
      for (int i = 0; i < 24; ++i) CHECK(input_grad[i] == times * kInputGrad[i]);
      for (int i = 0; i < 9; ++i) CHECK(weights_grad[i] == times * kWeightsGrad[i % 3]);
      CHECK(bias_grad[0] == times * 36);
    }
    for (int times = 1; times <= 2; ++times) {
      CHECK(convstep_conv_backward_plan_run_input(plan, &g, &dx, times == 2) == CONVSTEP_OK);
      CHECK(convstep_conv_backward_plan_run_weights(plan, &g, &input, &dw, NULL, times == 2) == CONVSTEP_OK);
      for (int i = 0; i < 24; ++i) CHECK(input_grad[i] == times * kInputGrad[i]);
      for (int i = 0; i < 9; ++i) CHECK(weights_grad[i] == times * kWeightsGrad[i % 3]);
    }
    g.dtype = CONVSTEP_FLOAT32;
    CHECK(convstep_conv_backward_plan_run_input(plan, &g, &dx, 0) == CONVSTEP_PARAMETER_ERROR);
    CHECK(said("grad: got float32, expected float64"));
    g.dtype = CONVSTEP_FLOAT64;
    convstep_conv_backward_plan_destroy(plan);
  }
  convstep_conv_backward_plan_destroy(NULL);
}

static void gives_gradients_of_pooling(void) {
  const float image[] = {1, 5, 5, 2}, gradient[] = {8};
  const int64_t in[] = {1, 2, 2, 1}, out[] = {1, 1, 1, 1};
  float result[4];
  int64_t place[1] = {2};
  convstep_array input = convstep_dense((void*)image, CONVSTEP_FLOAT32, 4, in);
  convstep_array grad = convstep_dense((void*)gradient, CONVSTEP_FLOAT32, 4, out);
  convstep_array indices = convstep_dense(place, CONVSTEP_INT64, 4, out);
  convstep_array output = convstep_dense(result, CONVSTEP_FLOAT32, 4, in);
  convstep_pool_options options = convstep_pool_default_options();
  options.window.height = options.window.width = 2;
  CHECK(convstep_pool_backward(&grad, &input, &output, &options, CONVSTEP_TIES_FIRST, 0) == CONVSTEP_OK);
  CHECK(result[0] == 0 && result[1] == 8 && result[2] == 0 && result[3] == 0);
  CHECK(convstep_pool_backward(&grad, &input, &output, &options, CONVSTEP_TIES_ALL, 1) == CONVSTEP_OK);
  CHECK(result[0] == 0 && result[1] == 16 && result[2] == 8 && result[3] == 0);
  CHECK(convstep_pool_backward_by_indices(&grad, &indices, &output, &options, 0) == CONVSTEP_OK);
  CHECK(result[0] == 0 && result[1] == 0 && result[2] == 8 && result[3] == 0);
  CHECK(convstep_pool_backward(&grad, &input, &output, &options, 7, 0) == CONVSTEP_PARAMETER_ERROR && said("ties: got 7"));
  place[0] = 4;
  CHECK(convstep_pool_backward_by_indices(&grad, &indices, &output, &options, 0) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("indices: got 4 at (0, 0, 0, 0), expected 0 to 3") && result[2] == 8);
  CHECK(convstep_pool_backward_by_indices(&grad, &grad, &output, &options, 0) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("indices: got float32, expected int64"));
  options.mode = CONVSTEP_AVERAGE;
  CHECK(convstep_pool_backward_by_indices(&grad, &indices, &output, &options, 0) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("mode: got"));
  input.data = NULL; /* its shape is enough */
  CHECK(convstep_pool_backward(&grad, &input, &output, &options, CONVSTEP_TIES_FIRST, 0) == CONVSTEP_OK);
  for (int i = 0; i < 4; ++i) CHECK(result[i] == 2);
  input.data = (void*)image;
  options.mode = CONVSTEP_LP;
  options.p = 1;
  CHECK(convstep_pool_backward(&grad, &input, &output, &options, CONVSTEP_TIES_FIRST, 0) == CONVSTEP_OK);
  for (int i = 0; i < 4; ++i) CHECK(result[i] == 8);
  options.mode = (convstep_pool_mode)5;
  CHECK(convstep_pool_backward(&grad, &input, &output, &options, 0, 0) == CONVSTEP_PARAMETER_ERROR && said("mode"));
}

static void gives_other_gradients(void) {
  const double image[] = {-1, 0, 2, 7}, gradient[] = {5, 6, 7, 8};
  const int64_t in[] = {1, 2, 2, 1}, inner[] = {1, 1, 1, 1};
  const convstep_padding padding = {1, 0, 0, 1, CONVSTEP_PADDING_EXPLICIT};
  double result[4];
  convstep_array input = convstep_dense((void*)image, CONVSTEP_FLOAT64, 4, in);
  convstep_array grad = convstep_dense((void*)gradient, CONVSTEP_FLOAT64, 4, in);
  convstep_array output = convstep_dense(result, CONVSTEP_FLOAT64, 4, in);
  CHECK(convstep_activation_backward(&grad, &input, &output, CONVSTEP_RELU6, 0) == CONVSTEP_OK);
  CHECK(result[0] == 0 && result[1] == 0 && result[2] == 7 && result[3] == 0);
  CHECK(convstep_activation_backward(&grad, &input, &output, CONVSTEP_LEAKY_RELU, 0.5) == CONVSTEP_OK);
  CHECK(result[0] == 2.5 && result[1] == 3 && result[2] == 7 && result[3] == 8);
  CHECK(convstep_activation_backward(&grad, &input, &output, 77, 0) == CONVSTEP_PARAMETER_ERROR && said("activation"));
  output = convstep_dense(result, CONVSTEP_FLOAT64, 4, inner);
  CHECK(convstep_zero_pad_backward(&grad, &output, &padding) == CONVSTEP_OK && result[0] == 7);
  CHECK(convstep_zero_pad_backward(&grad, &input, &padding) == CONVSTEP_SHAPE_ERROR);
  CHECK(said("grad: got (1, 2, 2, 1), expected (1, 3, 3, 1)"));
  CHECK(convstep_zero_pad_backward(&grad, &output, NULL) == CONVSTEP_PARAMETER_ERROR && said("padding: got a null"));
}

static void refuses_gradients(void) {
  double picture[24], filter[9], grad[8], small[4] = {-1, -1, -1, -1};
  const int64_t other[] = {1, 2, 2, 1};
  fill(picture, filter);
  convstep_array input = convstep_dense(picture, CONVSTEP_FLOAT64, 4, kPicture);
  convstep_array weights = convstep_dense(filter, CONVSTEP_FLOAT64, 4, kFilter);
  convstep_array g = convstep_dense(grad, CONVSTEP_FLOAT64, 4, kEdges);
  convstep_array wrong = convstep_dense(small, CONVSTEP_FLOAT64, 4, other);
  convstep_conv_options options = convstep_conv_default_options();
  convstep_conv_backward_plan* plan = NULL;
  int calls = 0;
  CHECK(convstep_conv_backward_input(&wrong, &weights, &input, &options, 0) == CONVSTEP_SHAPE_ERROR);
  CHECK(said("grad: got (1, 2, 2, 1), expected (1, 2, 4, 1) (the shape of the layer's output)"));
  CHECK(convstep_conv_backward_input(&g, &weights, &weights, &options, 0) == CONVSTEP_SHAPE_ERROR);
  CHECK(convstep_conv_backward_input(NULL, &weights, &input, &options, 0) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("grad: got a null pointer"));
  CHECK(convstep_conv_backward_input(&g, &weights, &input, NULL, 0) == CONVSTEP_PARAMETER_ERROR);
  CHECK(convstep_conv_backward_weights(&g, &input, &input, NULL, &options, 0) == CONVSTEP_SHAPE_ERROR);
  CHECK(convstep_conv_backward_weights(&g, &input, &weights, &g, &options, 0) == CONVSTEP_SHAPE_ERROR);
  CHECK(said("bias_grad: got rank 4, expected 1 axis"));
  CHECK(convstep_conv_backward_plan_create(NULL, kPicture, &weights, &options) == CONVSTEP_PARAMETER_ERROR);
  CHECK(convstep_conv_backward_plan_run_input(NULL, &g, &input, 0) == CONVSTEP_PARAMETER_ERROR && said("plan"));
  options.activation = CONVSTEP_RELU;
  CHECK(convstep_conv_backward_plan_create(&plan, kPicture, &weights, &options) == CONVSTEP_PARAMETER_ERROR);
  CHECK(plan == NULL && said("activation"));
  options = convstep_conv_default_options();
  options.progress = stop;
  options.progress_context = &calls;
  CHECK(convstep_conv_backward_weights(&g, &input, &weights, NULL, &options, 0) == CONVSTEP_STOPPED && calls == 1);
  for (int i = 0; i < 4; ++i) CHECK(small[i] == -1);
}

int main(void) {
  gives_gradients_of_convolution();
  gives_gradients_of_pooling();
  gives_other_gradients();
  refuses_gradients();
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
