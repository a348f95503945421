// consumer.cc: a program that uses every public header of the libraries, and catches what they throw.
#include <convstep/convstep.h>
#include <convstep/image.h>
#include <convstep/npy.h>

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace convstep;

namespace {

void check(bool condition, const char* what) {
  if (condition) return;
  std::printf("not so: %s\n", what);
  std::exit(1);
}

template <class Error, class Function>
void check_throws(const Function& function, const char* what) {
  try {
    function();
  } catch (const Error&) {
    return;
  }
  check(false, what);
}

template <class T>
void use_layers() {
  const auto image = Tensor<T, 4>::full({2, 8, 8, 3}, 1);
  const ConvLayer<T> layer(Tensor<T, 4>::full({3, 3, 3, 4}, 1), Tensor<T, 1>({4}), {.padding = 1});
  Tensor<T, 4> output(layer.output_shape(image.shape()));
  layer.run(image, output);
  check(output(0, 0, 0, 0) == 12 && output(1, 4, 4, 3) == 27, "a layer of ones counts");
  const ConvPlan<T> plan(image.shape(), layer.weights(), layer.bias(), layer.options());
  Tensor<T, 4> again(output.shape());
  plan.run(image, again);
  check(again(0, 0, 0, 0) == 12, "a plan does, too");

  const PoolPlan<T> pool(output.shape(), {.window = 2, .stride = 2});
  Tensor<T, 4> pooled(pool.output_shape(2));
  pool.run(output, pooled);
  check(pooled(0, 0, 0, 0) == 27, "the largest of a corner");
  activation_forward(pooled, pooled, Activation::kRelu6);
  check(pooled(0, 0, 0, 0) == 6, "ReLU6");
  check(zero_pad(pooled, 1).shape() == Shape<4>{2, 6, 6, 4}, "padding");
  const auto [Z, cache] = conv_forward(image, layer.weights(), Tensor<T, 4>({1, 1, 1, 4}), {.stride = 1, .pad = 1});
  check(Z(0, 0, 0, 0) == 12, "the notebook's form");
}

}  // namespace

int main() {
  use_layers<float>();
  use_layers<double>();
  const Shape<4> image{1, 8, 8, 3}, weights{3, 3, 3, 4};
  check_throws<ParameterError>([&] { conv_output_shape(image, weights, {.stride = 0}); }, "a stride of 0 is refused");
  check_throws<ShapeError>([&] { conv_output_shape(image, {9, 9, 3, 4}); }, "a large window is refused");
  check_throws<FileError>([] { load_array("there is no such file"); }, "a missing file is said to be missing");
  check(std::string(version()) == std::to_string(CONVSTEP_VERSION_MAJOR) + "." +
                                      std::to_string(CONVSTEP_VERSION_MINOR) + "." +
                                      std::to_string(CONVSTEP_VERSION_PATCH),
        "headers and library are of one version");
  release_memory();
}
