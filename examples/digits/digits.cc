// Trains a network of plain functions on handwritten digits, and keeps what it learned.
//
//   digits DIRECTORY [NAME=NUMBER ...]
//
//   reads    DIRECTORY/digits.npz    images (N, 8, 8, 1), labels (N,): data.py writes it
//   writes   DIRECTORY/weights.npz   the trained weights
//            DIRECTORY/loss.npy, confusion.npy   for `convstep draw`: the loss of each epoch, and which digit (row) was
//                                     taken for which (column), both on a scale of logarithms
//
//   seed=1      of the first weights, and of which fifth of the images is held out
//   epochs=30   how often each image is seen
//   parts=1     into how many calls a batch is cut, which saves memory; it changes no bit of the weights
//   threads=0   at most so many, 0 for all; it changes no bit, either
#include <convstep/convstep.h>
#include <convstep/npy.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <exception>
#include <numbers>
#include <numeric>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "network.h"

namespace {

using namespace digits;

constexpr int64_t kBatch = 64;
constexpr double kRate = 0.05;  // of the first step; it falls along a half wave to 0

struct Settings {
  std::string directory;
  int64_t seed = 1, epochs = 30, parts = 1, threads = 0;
};

struct Examples {
  Tensor<float, 4> images;
  Tensor<int64_t, 1> labels;

  int64_t size() const { return labels.size(); }
};

// Those with the given numbers.
Examples chosen(const Examples& all, std::span<const int64_t> numbers) {
  const int64_t count = static_cast<int64_t>(numbers.size());
  Examples result{Tensor<float, 4>({count, kSide, kSide, 1}), Tensor<int64_t, 1>({count})};
  for (int64_t n = 0; n < count; ++n) {
    const int64_t from = numbers[static_cast<size_t>(n)];
    convstep::copy_elements(all.images[from], &result.images(n, 0, 0, 0));
    result.labels(n) = all.labels(from);
  }
  return result;
}

Examples load_examples(const std::string& path) {
  Examples all{convstep::load_npz(path, "images").to<float, 4>("images"), {}};
  const int64_t count = all.images.shape(0);
  if (all.images.shape() != Shape<4>{count, kSide, kSide, 1}) {
    throw std::invalid_argument(path + ": its images are not (N, 8, 8, 1)");
  }
  const auto labels = convstep::load_npz(path, "labels").to<double, 1>("labels");
  all.labels = Tensor<int64_t, 1>({count}, std::vector<int64_t>(labels.begin(), labels.end()));
  for (const int64_t label : all.labels) {
    if (label < 0 || label >= kClasses) throw std::invalid_argument(path + ": its labels are not 0 to 9");
  }
  return all;
}

// Four fifths and one fifth of the examples, drawn at random.
std::pair<Examples, Examples> split(const Examples& all, std::mt19937& random) {
  std::vector<int64_t> order(static_cast<size_t>(all.size()));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  const std::span<const int64_t> numbers = order;
  const size_t held_out = order.size() / 5;
  return {chosen(all, numbers.subspan(held_out)), chosen(all, numbers.first(held_out))};
}

// One step of the descent. The batch is taken in parts, whose gradients add up to the bits of the whole batch's.
float train_batch(const Examples& batch, int64_t parts, float rate, Weights& velocity, Weights& weights) {
  const int64_t size = (batch.size() + parts - 1) / parts;
  Weights gradient;
  float loss = 0;
  for (int64_t first = 0; first < batch.size(); first += size) {
    const int64_t count = std::min(size, batch.size() - first);
    const View<const float, 4> images(&batch.images(first, 0, 0, 0), {count, kSide, kSide, 1});
    const View<const int64_t, 1> labels(&batch.labels(first), {count});
    const NetworkOutput output = network_forward(images, weights);
    Tensor<float, 2> logits_grad(output.logits.shape());
    loss = convstep::softmax_cross_entropy(output.logits, labels, logits_grad,
                                           {.count = batch.size(), .loss_so_far = loss});
    network_backward(logits_grad, images, output, weights, gradient);
  }
  descend(gradient, rate, velocity, weights);
  return loss;
}

void show_progress(int64_t done, int64_t total) {
  if (!isatty(STDERR_FILENO)) return;
  constexpr int kWidth = 40;
  const int filled = static_cast<int>(done * kWidth / total);
  std::fprintf(stderr, "\r[%s%s]\r", std::string(filled, '#').c_str(), std::string(kWidth - filled, ' ').c_str());
  if (done == total) std::fprintf(stderr, "%*s\r", kWidth + 2, "");
}

// Returns the loss of each epoch.
std::vector<double> train(const Examples& examples, const Settings& settings, std::mt19937& random, Weights& weights) {
  std::vector<int64_t> order(static_cast<size_t>(examples.size()));
  std::iota(order.begin(), order.end(), 0);
  const double steps = static_cast<double>(settings.epochs * ((examples.size() + kBatch - 1) / kBatch));
  Weights velocity;
  std::vector<double> losses;
  int64_t step = 0;
  for (int64_t epoch = 1; epoch <= settings.epochs; ++epoch) {
    std::shuffle(order.begin(), order.end(), random);
    double loss = 0;
    for (int64_t first = 0; first < examples.size(); first += kBatch) {
      const int64_t count = std::min(kBatch, examples.size() - first);
      const Examples batch = chosen(examples, std::span<const int64_t>(order).subspan(first, count));
      const double rate = kRate * (1 + std::cos(std::numbers::pi * static_cast<double>(step++) / steps)) / 2;
      loss += train_batch(batch, settings.parts, static_cast<float>(rate), velocity, weights) * double(count);
      show_progress(first + count, examples.size());
    }
    losses.push_back(loss / double(examples.size()));
    std::printf("epoch %2d of %d: loss %.5f\n", int(epoch), int(settings.epochs), losses.back());
    std::fflush(stdout);
  }
  return losses;
}

// How many examples of each digit (row) were taken for each (column).
Tensor<float, 2> confusion(const Examples& examples, const Weights& weights) {
  const Tensor<float, 2> logits = network_forward(examples.images, weights).logits;
  Tensor<float, 2> counts({kClasses, kClasses});
  for (int64_t n = 0; n < examples.size(); ++n) {
    const float* row = &logits(n, 0);
    counts(examples.labels(n), std::max_element(row, row + kClasses) - row) += 1;
  }
  return counts;
}

double accuracy(const Tensor<float, 2>& counts) {
  double right = 0;
  for (int64_t k = 0; k < kClasses; ++k) right += counts(k, k);
  return right / std::accumulate(counts.begin(), counts.end(), 0.0);
}

void save_weights(const std::string& path, const Weights& weights) {
  std::vector<std::pair<std::string, convstep::Array>> members;
  for_each_array(
      [&](const char* name, const auto& array) {
        members.push_back({name, convstep::to_array(array)});
      },
      weights);
  convstep::save_npz(path, members);
}

template <int Rank>
void load(const std::string& path, const char* name, Tensor<float, Rank>& array) {
  array = convstep::load_npz(path, name).to<float, Rank>(name);
}

Weights load_weights(const std::string& path) {
  Weights weights;
  for_each_array([&](const char* name, auto& array) { load(path, name, array); }, weights);
  return weights;
}

// A picture of a bar for each epoch, as high as the logarithm of its loss above that of half the smallest.
Tensor<float, 2> curve_of(const std::vector<double>& losses) {
  constexpr int64_t kHeight = 60, kBar = 4;
  const auto [lowest, highest] = std::minmax_element(losses.begin(), losses.end());
  const double bottom = *lowest / 2, range = std::log(*highest / bottom);
  Tensor<float, 2> picture({kHeight, kBar * static_cast<int64_t>(losses.size())});
  for (int64_t x = 0; x < picture.shape(1); ++x) {
    if (x % kBar == 0) continue;  // a gap before each bar
    const double share = std::log(losses[static_cast<size_t>(x / kBar)] / bottom) / range;
    for (int64_t y = kHeight - std::lround(share * kHeight); y < kHeight; ++y) picture(y, x) = 1;
  }
  return picture;
}

void save_pictures(const std::string& folder, const std::vector<double>& losses, const Tensor<float, 2>& counts) {
  convstep::save_npy(folder + "/loss.npy", convstep::to_array(curve_of(losses)));
  Tensor<float, 2> visible = counts;  // single mistakes beside tens of hits
  for (float& count : visible) count = std::log1p(count);
  convstep::save_npy(folder + "/confusion.npy", convstep::to_array(visible));
}

void run(const Settings& settings) {
  convstep::set_num_threads(settings.threads);
  std::mt19937 random(static_cast<unsigned>(settings.seed));
  const auto [training, held_out] = split(load_examples(settings.directory + "/digits.npz"), random);
  Weights weights = he_weights(random);
  std::printf("%d digits to learn from, %d held out\n", int(training.size()), int(held_out.size()));
  const std::vector<double> losses = train(training, settings, random, weights);
  const Tensor<float, 2> counts = confusion(held_out, weights);
  std::printf("accuracy on the digits held out: %.2f%%\n", 100 * accuracy(counts));
  const std::string path = settings.directory + "/weights.npz";
  save_weights(path, weights);
  std::printf("read back from %s: %.2f%%\n", path.c_str(), 100 * accuracy(confusion(held_out, load_weights(path))));
  save_pictures(settings.directory, losses, counts);
}

int64_t number_of(const std::string& word) {
  const char* text = word.c_str() + word.find('=') + 1;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text, word.c_str() + word.size(), number);
  if (error != std::errc() || *end || number < 0) throw std::invalid_argument(word + ": that is no number");
  return number;
}

Settings parsed(int argc, char** argv) {
  if (argc < 2) throw std::invalid_argument("usage: digits DIRECTORY [seed=1] [epochs=30] [parts=1] [threads=0]");
  Settings settings{.directory = argv[1]};
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i], name = word.substr(0, word.find('='));
    if (name == "seed")
      settings.seed = number_of(word);
    else if (name == "epochs")
      settings.epochs = number_of(word);
    else if (name == "parts")
      settings.parts = number_of(word);
    else if (name == "threads")
      settings.threads = number_of(word);
    else
      throw std::invalid_argument(word + ": there is no such setting");
  }
  if (settings.epochs < 1 || settings.parts < 1) throw std::invalid_argument("epochs and parts are 1 or more");
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(parsed(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "digits: %s\n", error.what());
    return 1;
  }
}
