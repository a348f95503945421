// A small network over weights that NumPy saved: two convolutions, each with ReLU and max pooling, then a dense layer.
//
//   network weights.npz images.npy scores.npy
//
//   images  (N, 28, 28, 1)   conv1.W (5, 5, 1, 6)   conv2.W (5, 5, 6, 16)   dense.W (256, 10)   biases conv1.b,
//   conv2.b, dense.b                  scores  (N, 10)
#include <convstep/convstep.h>
#include <convstep/npy.h>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace {

using convstep::Tensor;

// A convolution with its weights, and the pooling that follows it.
class Block {
 public:
  Block(const std::string& path, const std::string& name)
      : weights_(convstep::load_npz(path, name + ".W").to<float, 4>(name + ".W")),
        bias_(convstep::load_npz(path, name + ".b").to<float, 1>(name + ".b")) {}

  Tensor<float, 4> operator()(const Tensor<float, 4>& x) const {
    const convstep::ConvOptions conv{.activation = convstep::Activation::kRelu};
    Tensor<float, 4> y(convstep::conv_output_shape(x.shape(), weights_.shape(), conv));
    convstep::conv_forward(x, weights_, bias_, y, conv);

    const convstep::PoolOptions pool{.window = 2, .stride = 2};
    Tensor<float, 4> pooled(convstep::pool_output_shape(y.shape(), pool));
    convstep::pool_forward(y, pooled, pool);
    return pooled;
  }

 private:
  Tensor<float, 4> weights_;
  Tensor<float, 1> bias_;
};

// A dense layer is a convolution whose window is the whole image.
Tensor<float, 2> dense(const std::string& path, const std::string& name, const Tensor<float, 4>& x) {
  const auto matrix = convstep::load_npz(path, name + ".W").to<float, 2>(name + ".W");
  const auto bias = convstep::load_npz(path, name + ".b").to<float, 1>(name + ".b");
  const auto weights = matrix.reshape<4>({x.shape(1), x.shape(2), x.shape(3), -1});
  Tensor<float, 4> y(convstep::conv_output_shape(x.shape(), weights.shape()));
  convstep::conv_forward(x, weights, bias, y);
  return std::move(y).reshape<2>({x.shape(0), matrix.shape(1)});
}

void run(const std::string& weights, const std::string& images, const std::string& scores) {
  const Block first(weights, "conv1"), second(weights, "conv2");
  const auto x = convstep::load_array(images).to<float, 4>("images");
  convstep::save_npy(scores, convstep::to_array(dense(weights, "dense", second(first(x)))));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: network weights.npz images.npy scores.npy\n");
    return 2;
  }
  try {
    run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "network: %s\n", error.what());
    return 1;
  }
}
