// The bits of results, the same on every processor with fused multiply-add: `make test` compares them on x86 and `make
// test-arm` on ARM, with one table.
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>

#include "convstep/convstep.h"

namespace convstep {
namespace {

// The same numbers everywhere, between -1 and 1 with 24 bits: a linear congruential generator (Knuth's MMIX).
template <class T, int Rank>
Tensor<T, Rank> drawn(const Shape<Rank>& shape, uint64_t seed) {
  Tensor<T, Rank> tensor(shape);
  uint64_t state = seed;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    tensor.data()[i] = static_cast<T>(static_cast<int64_t>(state >> 40) - (int64_t{1} << 23)) / (int64_t{1} << 23);
  }
  return tensor;
}

// FNV-1a over the bytes of the elements, all of which are little-endian.
template <class T>
uint64_t digest(const Tensor<T, 4>& tensor) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t hash = 14695981039346656037u;
  const auto* bytes = reinterpret_cast<const unsigned char*>(tensor.data());
  for (size_t i = 0; i < static_cast<size_t>(tensor.size()) * sizeof(T); ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
  return hash;
}

bool has_fused_multiply_add() {
  const std::string target = simd_target();
  return target.starts_with("avx") || target == "neon";
}

template <class T>
uint64_t conv(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
  const Tensor<T, 4> x = drawn<T, 4>(input, 1), w = drawn<T, 4>(weights, 2);
  const Tensor<T, 1> b = drawn<T, 1>({weights[3]}, 3);
  Tensor<T, 4> y(conv_output_shape(input, weights, options));
  conv_forward(x, w, b, y, options);
  return digest(y);
}

template <class T>
uint64_t pool(const Shape<4>& input, const PoolOptions& options) {
  const Tensor<T, 4> x = drawn<T, 4>(input, 4);
  Tensor<T, 4> y(pool_output_shape(input, options));
  pool_forward(x, y, options);
  return digest(y);
}

template <class T>
uint64_t activated(Activation activation) {
  Tensor<T, 4> x = drawn<T, 4>({2, 9, 11, 37}, 5);
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] *= 40;  // where a sigmoid rises, and where it is flat
  Tensor<T, 4> y(x.shape());
  activation_forward(x, y, activation);
  return digest(y);
}

class DigestTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_fused_multiply_add()) GTEST_SKIP() << simd_target() << " has no fused multiply-add";
  }
};

TEST_F(DigestTest, Convolution) {
  const ConvOptions same{.padding = Padding::same_upper(), .activation = Activation::kRelu};
  const ConvOptions strided{.stride = {2, 2}, .padding = Padding::all(1)};
  const ConvOptions depthwise{.padding = Padding::same_upper(), .groups = 40};
  const ConvOptions grouped{.padding = Padding::same_upper(), .groups = 8};
  // Winograd, direct, few outputs, depthwise, groups of four.
  EXPECT_EQ(conv<float>({1, 28, 28, 64}, {3, 3, 64, 64}, same), 0xb9a22fb59760c047);
  EXPECT_EQ(conv<float>({2, 29, 31, 37}, {5, 3, 37, 41}, strided), 0xac12e14d24afabba);
  EXPECT_EQ(conv<float>({1, 29, 31, 16}, {3, 3, 16, 2}, same), 0x25889001729ab96d);
  EXPECT_EQ(conv<float>({1, 29, 31, 40}, {3, 3, 1, 40}, depthwise), 0x6fadfc83e84bff5e);
  EXPECT_EQ(conv<float>({1, 29, 31, 32}, {3, 3, 4, 32}, grouped), 0x30ee0a525dbdd1c3);
  EXPECT_EQ(conv<double>({1, 28, 28, 64}, {3, 3, 64, 64}, same), 0xe998ba98159ca357);
  EXPECT_EQ(conv<double>({2, 29, 31, 37}, {5, 3, 37, 41}, strided), 0x2ae0093a379346da);
  EXPECT_EQ(conv<double>({1, 29, 31, 16}, {3, 3, 16, 2}, same), 0x6b99466a6692d100);
  EXPECT_EQ(conv<double>({1, 29, 31, 40}, {3, 3, 1, 40}, depthwise), 0x7dd66c5ceaa002ad);
  EXPECT_EQ(conv<double>({1, 29, 31, 32}, {3, 3, 4, 32}, grouped), 0x760de2386c73a519);
}

TEST_F(DigestTest, Pooling) {
  const PoolOptions max{.window = {3, 3}, .stride = {2, 2}, .padding = Padding::all(1)};
  const PoolOptions average{.window = {3, 3}, .stride = {1, 1}, .mode = PoolMode::kAverage, .padding = Padding::all(1)};
  const PoolOptions wide{.window = {7, 6}, .stride = {7, 6}, .mode = PoolMode::kAverage};
  EXPECT_EQ(pool<float>({2, 29, 31, 37}, max), 0x1b4415ebf3264b88);
  EXPECT_EQ(pool<float>({2, 29, 31, 37}, average), 0x4eefe2b3d7693cfc);
  EXPECT_EQ(pool<float>({2, 29, 31, 37}, wide), 0x626cf7f3336c0fe7);
  EXPECT_EQ(pool<double>({2, 29, 31, 37}, max), 0x3984ced7b2dfb8ab);
  EXPECT_EQ(pool<double>({2, 29, 31, 37}, average), 0xe100f3fd988b9bea);
  EXPECT_EQ(pool<double>({2, 29, 31, 37}, wide), 0xbd6fc124aa61f4ed);
}

TEST_F(DigestTest, Sigmoid) {
  EXPECT_EQ(activated<float>(Activation::kSigmoid), 0xd7fb619dd486c33e);
  EXPECT_EQ(activated<double>(Activation::kSigmoid), 0x37c99823b85eefd3);
}

}  // namespace
}  // namespace convstep
