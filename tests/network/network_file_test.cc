#include "convstep/network_file.h"

#include <gtest/gtest.h>

#include <random>

#include "convstep/npy.h"
#include "network/json.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_directory.h"

namespace convstep {
namespace {

template <class T>
Network<T> some_network() {
  NetworkBuilder<T> build(5);
  const auto x = build.input({6, 5, 3}, "a picture");
  const auto a = build.layer(x, layers::Conv{.filters = 4,
                                             .window = 3,
                                             .padding = Padding::same_lower(),
                                             .activation = Activation::kLeakyRelu,
                                             .slope = 0.3});
  const auto b =
      build.concat({build.pool(a, {.window = 2, .mode = PoolMode::kLp, .padding = {0, 1, 0, 1}}), a, x}, "all");
  const auto c = build.activation(build.layer(b, layers::Conv{.filters = 2}, "weird/../name"), Activation::kRelu6);
  build.output(build.layer(build.flatten(c), layers::Linear{.outputs = 3}, "weird/../name"), "scores");
  build.output(c, "features");
  return build.network({.keep_roundings = true});
}

template <class T>
std::vector<T> results(const Network<T>& network) {
  Tensor<T, 4> image({2, 6, 5, 3});
  for (int64_t i = 0; i < image.size(); ++i) image.data()[i] = static_cast<T>(i % 13) / 8 - 1;
  const NetworkArray<const T> input(image);
  std::vector<T> all;
  for (const NetworkOutput<T>& output : network.run(std::span(&input, 1))) {
    all.insert(all.end(), output.values().begin(), output.values().end());
  }
  return all;
}

TEST(NetworkFile, GivesBackWhatWasSaved) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("network.npz");
  const auto network = some_network<double>();
  save_network(path, network);
  const auto loaded = load_network<double>(path);
  EXPECT_EQ(results(loaded), results(network));
  EXPECT_EQ(to_parts(loaded).text, to_parts(network).text);
  EXPECT_EQ(loaded.inputs()[0].name, "a picture");
  EXPECT_EQ(loaded.describe(), network.describe());  // for images of the size that it was built for
  const Array weights = load_npz(path, "conv1.weights");
  EXPECT_EQ(weights.shape, (std::vector<int64_t>{3, 3, 3, 4}));  // (KH, KW, C, O)
  const std::vector<std::string> members = npz_members(path);
  EXPECT_NE(std::find(members.begin(), members.end(), "weird_.._name.weights_2"), members.end());
}

TEST(NetworkFile, MakesDoublesOfFloats) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("network.npz");
  const auto network = some_network<float>();
  save_network(path, network);
  EXPECT_EQ(results(load_network<float>(path)), results(network));
  const std::vector<double> close = results(load_network<double>(path));
  const std::vector<float> wanted = results(network);
  for (size_t i = 0; i < close.size(); ++i) EXPECT_NEAR(close[i], wanted[i], 1e-5);
}

TEST(NetworkFile, ReadsOlderFilesThatSayNoUsualShape) {
  NetworkParts<float> parts = to_parts(some_network<float>());
  const std::string usual = ", \"usual_shape\": [1, 3, 6, 5]";
  const size_t begin = parts.text.find(usual);
  ASSERT_NE(begin, std::string::npos) << parts.text;
  parts.text.erase(begin, usual.size());
  const Network<float> loaded = from_parts(std::move(parts));
  EXPECT_FALSE(loaded.inputs()[0].usual_shape);
  EXPECT_THROW((void)loaded.describe(), ParameterError);
  EXPECT_EQ(results(loaded), results(some_network<float>()));
}

TEST(NetworkFile, RefusesAUsualShapeThatIsNotAsDeclared) {
  for (const char* wrong : {"[1, 4, 6, 5]", "[1, 3, 6]", "[1, 3, -6, 5]"}) {
    NetworkParts<float> parts = to_parts(some_network<float>());
    const std::string usual = "[1, 3, 6, 5]";
    parts.text.replace(parts.text.find(usual), usual.size(), wrong);
    EXPECT_THROW(from_parts(std::move(parts)), ShapeError) << wrong;
  }
}

TEST(NetworkFile, RefusesFilesThatAreNoNetworks) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("other.npz");
  save_npz(path, {{"x", to_array(Tensor<float, 1>({3}))}});
  EXPECT_THROW(load_network<float>(path), FormatError);
  EXPECT_THROW(load_network<float>(directory.file("missing.npz")), FileError);
}

// Whatever is changed in the text of a network, it is one still, or refused.
TEST(NetworkFile, SurvivesDamage) {
  const NetworkParts<float> parts = to_parts(some_network<float>());
  const auto try_text = [&](std::string text) {
    NetworkParts<float> damaged{std::move(text), {}};
    for (const auto& part : parts.arrays) {
      damaged.arrays.push_back({part.name, part.shape, part.reals, part.integers, part.is_integer});
    }
    try {
      const Network<float> network = from_parts(std::move(damaged));
      network.plan({1, 6, 5, 3});
      return true;
    } catch (const ArgumentError&) {
      return false;
    }
  };
  EXPECT_TRUE(try_text(parts.text));
  EXPECT_TRUE(try_text(" " + parts.text + "\n"));
  for (size_t length = 0; length < parts.text.size(); length += 3) EXPECT_FALSE(try_text(parts.text.substr(0, length)));
  std::mt19937 random(1);
  int refused = 0;
  constexpr char kBytes[] = "0123456789-,:[]{}\"e.nul ";
  for (int round = 0; round < 3000; ++round) {
    std::string text = parts.text;
    text[random() % text.size()] = kBytes[random() % (sizeof kBytes - 1)];
    refused += !try_text(text);
  }
  EXPECT_GT(refused, 500);
}

TEST(Json, WritesAndReads) {
  using network::Json;
  const Json json{Json::Object{{"text", {std::string("a \"b\" \\ \n\x01 \xc3\xa4")}},
                               {"numbers", {Json::List{{int64_t{-5}}, {0.1}, {1e300}, {-HUGE_VAL}, {2.0}}}},
                               {"rest", {Json::List{{true}, {false}, {}, {Json::Object{}}, {Json::List{}}}}}}};
  const std::string text = network::to_text(json);
  EXPECT_EQ(text,
            "{\"text\": \"a \\\"b\\\" \\\\ \\u000a\\u0001 \xc3\xa4\", \"numbers\": [-5, 0.1, 1e+300, -1e999, 2.0], "
            "\"rest\": [true, false, null, {}, []]}");
  EXPECT_EQ(network::to_text(network::parse_json(text)), text);
  for (const char* wrong : {"", "[", "[1,]", "{\"a\"}", "{\"a\": 1,}", "01x", "1.2.3", "\"a", "\"\\q\"", "tru", "[1] 2",
                            "9223372036854775808", "--1", "{1: 2}", "\"\\u00e4\""}) {
    EXPECT_THROW(network::parse_json(wrong), ParameterError) << wrong;
  }
  EXPECT_THROW(network::parse_json(std::string(100, '[')), ParameterError);
  EXPECT_THROW(network::to_text({std::nan("")}), ParameterError);
}

}  // namespace
}  // namespace convstep
