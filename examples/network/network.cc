// A small network over weights that NumPy saved: two convolutions, each with ReLU and max pooling, then a linear layer.
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

namespace {

using convstep::Network;
using convstep::NetworkBuilder;

template <int Rank>
convstep::Tensor<float, Rank> load(const std::string& path, const std::string& name) {
  return convstep::load_npz(path, name).to<float, Rank>(name);
}

Network<float> network_of(const std::string& path) {
  const convstep::ConvOptions conv{.activation = convstep::Activation::kRelu};
  const convstep::PoolOptions pool{.window = 2, .stride = 2};
  NetworkBuilder<float> build;
  auto x = build.input({28, 28, 1}, "images");
  for (const std::string name : {"conv1", "conv2"}) {
    x = build.pool(build.conv(x, load<4>(path, name + ".W"), load<1>(path, name + ".b"), conv, name), pool);
  }
  build.output(build.linear(build.flatten(x), load<2>(path, "dense.W"), load<1>(path, "dense.b"), {}, "dense"),
               "scores");
  return build.network();
}

void run(const std::string& weights, const std::string& images, const std::string& scores) {
  const Network<float> network = network_of(weights);
  const auto x = convstep::load_array(images).to<float, 4>("images");
  const auto plan = network.plan({x.shape(0), x.shape(1), x.shape(2), x.shape(3)});
  std::printf("%s", plan.describe().c_str());
  convstep::Tensor<float, 2> y({x.shape(0), 10});
  plan.run(x, y);
  convstep::save_npy(scores, convstep::to_array(y));
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
