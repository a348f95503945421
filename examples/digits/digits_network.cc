// The network of digits.cc as a Network, which a Trainer lets learn: the bits of examples/digits_network.py.
//
//   digits_network DIRECTORY [SEED=1 [EPOCHS=30]]
//
//   reads    DIRECTORY/digits.npz     images (N, 8, 8, 1), labels (N,): data.py writes it. Every fifth image, beginning
//   with
//                                     image SEED % 5, is held out.
//   writes   DIRECTORY/network.npz    the trained network, which convstep.Network.load reads, too
#include <convstep/convstep.h>
#include <convstep/network_file.h>
#include <convstep/npy.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using convstep::Activation;
using convstep::Network;
using convstep::Padding;
using convstep::Tensor;
using convstep::View;

constexpr int64_t kSide = 8, kFifths = 5;

struct Examples {
  Tensor<float, 4> images;
  Tensor<int64_t, 1> labels;
};

// Those to learn from, and those held out.
std::pair<Examples, Examples> load_examples(const std::string& path, int64_t seed) {
  const auto images = convstep::load_npz(path, "images").to<float, 4>("images");
  const auto numbers = convstep::load_npz(path, "labels").to<double, 1>("labels");
  const auto chosen = [&](bool held_out) {
    std::vector<float> pixels;
    std::vector<int64_t> labels;
    for (int64_t n = 0; n < images.shape(0); ++n) {
      if ((n % kFifths == seed % kFifths) != held_out) continue;
      const float* image = &images(n, 0, 0, 0);
      pixels.insert(pixels.end(), image, image + kSide * kSide);
      labels.push_back(static_cast<int64_t>(numbers(n)));
    }
    const int64_t count = static_cast<int64_t>(labels.size());
    return Examples{Tensor<float, 4>({count, kSide, kSide, 1}, std::move(pixels)),
                    Tensor<int64_t, 1>({count}, std::move(labels))};
  };
  return {chosen(false), chosen(true)};
}

Network<float> begun(uint64_t seed) {
  using namespace convstep::layers;
  const Pool halve{.window = {2, 2}, .stride = {2, 2}};
  const auto block = [](int64_t filters) {
    return Conv{.filters = filters, .window = {3, 3}, .padding = Padding::all(1), .activation = Activation::kRelu};
  };
  return {{kSide, kSide, 1}, {block(32), halve, block(64), halve, Flatten{}, Linear{.outputs = 10}}, seed};
}

// The rate falls along a half wave to 0.
double rate_of(int64_t step, int64_t steps) {
  return 0.05 * (1 + std::cos(std::numbers::pi * static_cast<double>(step) / static_cast<double>(steps))) / 2;
}

void run(const std::string& directory, int64_t seed, int64_t epochs) {
  const auto [training, held_out] = load_examples(directory + "/digits.npz", seed);
  convstep::Trainer<float> trainer(begun(static_cast<uint64_t>(seed)),
                                   {.optimizer = convstep::Sgd{.momentum = 0.9, .decay = 0.003}});
  const auto history = trainer.fit(training.images, training.labels,
                                   {.epochs = epochs,
                                    .batch = 64,
                                    .seed = static_cast<uint64_t>(seed),
                                    .rate = rate_of,
                                    .validation_images = held_out.images,
                                    .validation_labels = held_out.labels});
  for (size_t epoch = 0; epoch < history.size(); ++epoch) {
    std::printf("epoch %2d of %d: loss %.5f\n", static_cast<int>(epoch) + 1, static_cast<int>(epochs),
                history[epoch].loss);
  }
  std::printf("accuracy on the digits held out: %.2f%%\n", 100 * history.back().validation_accuracy);
  convstep::save_network(directory + "/network.npz", trainer.network());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 2 || argc > 4) throw std::invalid_argument("usage: digits_network DIRECTORY [SEED=1 [EPOCHS=30]]");
    run(argv[1], argc > 2 ? std::stoll(argv[2]) : 1, argc > 3 ? std::stoll(argv[3]) : 30);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "digits_network: %s\n", error.what());
    return 1;
  }
}
