/* c_api_test.c: the operations from C. */
#include <math.h>
#include <stdlib.h>

#include "tests/c/check.h"

static int listen(void* context, int64_t done, int64_t total) {
  int64_t* last = context;
  CHECK(*last <= done && done <= total);
  *last = done == total ? -1 : done;
  return 0;
}

static const double kExpected[] = {0, 3, 3, 0, 0, 3, 3, 0};

static void convolves_doubles(void) {
  double picture[24], filter[9], edges[8];
  fill(picture, filter);
  convstep_array input = convstep_dense(picture, CONVSTEP_FLOAT64, 4, kPicture);
  convstep_array weights = convstep_dense(filter, CONVSTEP_FLOAT64, 4, kFilter);
  convstep_array output = convstep_dense(edges, CONVSTEP_FLOAT64, 4, kEdges);
  convstep_conv_options options = convstep_conv_default_options();
  int64_t shape[4];
  CHECK(convstep_conv_output_shape(kPicture, kFilter, &options, shape) == CONVSTEP_OK);
  CHECK(memcmp(shape, kEdges, sizeof(shape)) == 0);
  for (int algorithm = CONVSTEP_AUTO; algorithm <= CONVSTEP_WINOGRAD; ++algorithm) {
    memset(edges, 0x7f, sizeof(edges));
    options.algorithm = (convstep_conv_algorithm)algorithm;
    CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_OK);
    for (int i = 0; i < 8; ++i) CHECK(fabs(edges[i] - kExpected[i]) < 1e-12); /* Winograd rounds */
  }
}

static void convolves_floats_with_all_there_is(void) {
  enum { kPixels = 5 * 5, kChannels = 8 };
  float image[kPixels * kChannels], filters[kChannels * 4], bias[4] = {1, 2, 3, 4}, sums[kPixels * 4], again[kPixels * 4];
  const int64_t in[] = {1, 5, 5, kChannels}, w[] = {1, 1, kChannels, 4}, four[] = {4}, out[] = {1, 5, 5, 4};
  for (int i = 0; i < kPixels * kChannels; ++i) image[i] = (float)(i % 7);
  for (int i = 0; i < kChannels * 4; ++i) filters[i] = (float)(i % 5 - 2);
  for (int i = 0; i < kPixels * 4; ++i) sums[i] = again[i] = -100;
  convstep_array input = convstep_dense(image, CONVSTEP_FLOAT32, 4, in);
  convstep_array weights = convstep_dense(filters, CONVSTEP_FLOAT32, 4, w);
  convstep_array biases = convstep_dense(bias, CONVSTEP_FLOAT32, 1, four);
  convstep_array output = convstep_dense(sums, CONVSTEP_FLOAT32, 4, out);
  int64_t last = 0;
  convstep_conv_options options = convstep_conv_default_options();
  options.activation = CONVSTEP_RELU;
  options.progress = listen;
  options.progress_context = &last;
  /* The residual is the output itself: what is there is added. */
  CHECK(convstep_conv_forward(&input, &weights, &biases, &output, &output, &options) == CONVSTEP_OK);
  CHECK(last == -1);
  for (int i = 0; i < kPixels * 4; ++i) {
    float sum = bias[i % 4] - 100;
    for (int c = 0; c < kChannels; ++c) sum += image[i / 4 * kChannels + c] * filters[c * 4 + i % 4];
    CHECK(sums[i] == (sum > 0 ? sum : 0));
  }

  convstep_conv_plan* plan = NULL;
  output.data = again;
  last = 0;
  CHECK(convstep_conv_plan_create(&plan, in, &weights, &biases, &options) == CONVSTEP_OK);
  last = 0;
  CHECK(convstep_conv_plan_run(plan, &input, &output, &output) == CONVSTEP_OK);
  CHECK(memcmp(sums, again, sizeof(sums)) == 0);
  output.dtype = CONVSTEP_FLOAT64;
  CHECK(convstep_conv_plan_run(plan, &input, NULL, &output) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("output: got float64, expected float32"));
  convstep_conv_plan_destroy(plan);
  convstep_conv_plan_destroy(NULL);
}

static void pools(void) {
  const float image[] = {1, 5, 2, 6, 3, 7, 4, 8}; /* (1, 2, 2, 2) */
  const int64_t in[] = {1, 2, 2, 2}, out[] = {1, 1, 1, 2};
  float result[2];
  int64_t places[2], shape[4];
  convstep_array input = convstep_dense((void*)image, CONVSTEP_FLOAT32, 4, in);
  convstep_array output = convstep_dense(result, CONVSTEP_FLOAT32, 4, out);
  convstep_array indices = convstep_dense(places, CONVSTEP_INT64, 4, out);
  convstep_pool_options options = convstep_pool_default_options();
  options.window.height = options.window.width = 2;
  CHECK(convstep_pool_output_shape(in, &options, shape) == CONVSTEP_OK && memcmp(shape, out, sizeof(shape)) == 0);
  CHECK(convstep_pool_forward(&input, &output, &indices, &options) == CONVSTEP_OK);
  CHECK(result[0] == 4 && result[1] == 8 && places[0] == 3 && places[1] == 3);
  options.mode = CONVSTEP_AVERAGE;
  CHECK(convstep_pool_forward(&input, &output, NULL, &options) == CONVSTEP_OK);
  CHECK(result[0] == 2.5f && result[1] == 6.5f);
  CHECK(convstep_pool_forward(&input, &output, &indices, &options) == CONVSTEP_PARAMETER_ERROR && said("mode"));
  options.mode = CONVSTEP_LP;
  options.p = 1;
  CHECK(convstep_pool_forward(&input, &output, NULL, &options) == CONVSTEP_OK);
  CHECK(result[0] == 10 && result[1] == 26);
}

static void pads(void) {
  const double one[] = {7};
  const int64_t in[] = {1, 1, 1, 1};
  double result[6];
  int64_t out[4];
  const convstep_padding padding = {1, 0, 2, 0, CONVSTEP_PADDING_EXPLICIT};
  CHECK(convstep_pad_output_shape(in, &padding, out) == CONVSTEP_OK && out[1] == 2 && out[2] == 3);
  convstep_array input = convstep_dense((void*)one, CONVSTEP_FLOAT64, 4, in);
  convstep_array output = convstep_dense(result, CONVSTEP_FLOAT64, 4, out);
  CHECK(convstep_zero_pad(&input, &output, &padding) == CONVSTEP_OK);
  for (int i = 0; i < 6; ++i) CHECK(result[i] == (i == 5 ? 7 : 0));
}

static void refuses(void) {
  double picture[24], filter[9], edges[8] = {-1};
  fill(picture, filter);
  convstep_array input = convstep_dense(picture, CONVSTEP_FLOAT64, 4, kPicture);
  convstep_array weights = convstep_dense(filter, CONVSTEP_FLOAT64, 4, kFilter);
  convstep_array output = convstep_dense(edges, CONVSTEP_FLOAT64, 4, kEdges);
  convstep_conv_options options = convstep_conv_default_options();
  int calls = 0;
  options.stride.height = 0;
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("stride: got (0, 1), expected 1 or more"));
  options.stride.height = 2;
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_SHAPE_ERROR);
  CHECK(said("output: got (1, 2, 4, 1), expected (1, 1, 4, 1)"));
  options.stride.height = 1;
  CHECK(convstep_conv_forward(NULL, &weights, NULL, NULL, &output, &options) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("input: got a null pointer"));
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, NULL) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("options: got a null pointer"));
  CHECK(convstep_conv_output_shape(kPicture, kFilter, &options, NULL) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("output: got a null pointer"));
  weights.dtype = CONVSTEP_FLOAT32;
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("weights: got float32, expected float64"));
  weights.dtype = (convstep_dtype)9;
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("weights: got dtype 9, expected float64"));
  weights.dtype = CONVSTEP_FLOAT64;
  weights.rank = 3;
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_SHAPE_ERROR);
  CHECK(said("weights: got rank 3, expected 4 axes"));
  weights.rank = 4;
  options.numerics = CONVSTEP_NUMPY;
  options.algorithm = CONVSTEP_WINOGRAD;
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_PARAMETER_ERROR);
  CHECK(said("algorithm: got winograd"));
  options.algorithm = (convstep_conv_algorithm)7;
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_PARAMETER_ERROR);
  CHECK(edges[0] == -1);
  options = convstep_conv_default_options();
  options.progress = stop;
  options.progress_context = &calls;
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_STOPPED && calls == 1);
  CHECK(said("stopped"));
  const int64_t huge[] = {1, INT64_MAX, INT64_MAX, 1};
  input = convstep_dense(picture, CONVSTEP_FLOAT64, 4, huge);
  CHECK(convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options) == CONVSTEP_SHAPE_ERROR);
}

static void runs(void) {
  CHECK(convstep_set_num_threads(3) == CONVSTEP_OK && convstep_num_threads() == 3);
  CHECK(convstep_set_num_threads(-1) == CONVSTEP_PARAMETER_ERROR && said("threads: got -1"));
  CHECK(convstep_set_num_threads(INT64_MAX) == CONVSTEP_PARAMETER_ERROR && convstep_num_threads() == 3);
  CHECK(convstep_set_num_threads(0) == CONVSTEP_OK);
  convstep_release_memory();
  CHECK(strchr(convstep_version(), '.') != NULL);
}

int main(void) {
  CHECK(strcmp(convstep_last_error(), "") == 0);
  convolves_doubles();
  convolves_floats_with_all_there_is();
  pools();
  pads();
  refuses();
  runs();
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
