// One layer in a program of your own: find the vertical edge in a small picture.
#include <convstep/convstep.h>

#include <cstdio>

int main() {
  // A 4 x 6 picture, dark on the left and bright on the right, and a filter that looks for such a step.
  convstep::Tensor<float, 4> picture({1, 4, 6, 1});
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 6; ++x) picture(0, y, x, 0) = x < 3 ? 0.0f : 1.0f;
  }
  convstep::Tensor<float, 4> filter({3, 3, 1, 1});
  for (int i = 0; i < 3; ++i) {
    filter(i, 0, 0, 0) = -1;
    filter(i, 2, 0, 0) = 1;
  }

  const convstep::ConvOptions options{.activation = convstep::Activation::kRelu};
  convstep::Tensor<float, 4> edges(convstep::conv_output_shape(picture.shape(), filter.shape(), options));
  convstep::conv_forward(picture, filter, {}, edges, options);

  for (int y = 0; y < edges.shape(1); ++y) {
    for (int x = 0; x < edges.shape(2); ++x) std::printf("%g ", edges(0, y, x, 0));
    std::printf("\n");
  }
}
