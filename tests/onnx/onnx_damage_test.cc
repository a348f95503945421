// Damaged models: each is read, or refused with a FormatError.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/onnx/model_builder.h"

namespace convstep {
namespace {

using test::ModelBuilder;
using test::set;

// A model with something of everything.
std::string whole_model() {
  ModelBuilder builder(10);
  builder.input("x", {-1, 3, 8, 8});
  builder.floats("scale", {3}, {1, 2, 3});
  builder.floats("unused", {1}, {1});
  builder.tensor("raw", {2, 3}).set_raw_data("abcdefghijklmnopqrstuvwx");
  builder.integers("shape", {1, -1});
  test::attribute(builder.node("Constant", {}, {"mean"}), "value", 4)
      .mutable_t()
      ->CopyFrom(builder.graph().initializer(0));
  builder.node("BatchNormalization", {"x", "scale", "scale", "mean", "scale"}, {"normal"}).set_name("first");
  test::NodeProto& clip = builder.node("Clip", {"normal"}, {"clipped"});
  set(clip, "min", -1.0F);
  set(clip, "max", 1.0F);
  test::set_floats(builder.node("Upsample", {"clipped"}, {"large"}), "scales", {1, 1, 2, 2});
  set(builder.node("Concat", {"large", "large"}, {"twice"}), "axis", int64_t{1});
  set(builder.node("Pad", {"twice"}, {"padded"}), "pads", {0, 0, 1, 1, 0, 0, 1, 1});
  set(builder.node("Softmax", {"padded"}, {"soft"}), "axis", int64_t{1});
  builder.node("Reshape", {"soft", "shape"}, {"y"});
  builder.output("y");
  return builder.bytes();
}

void expect_read_or_refused(const std::string& bytes, const std::string& what) {
  try {
    test::read(bytes);
  } catch (const FormatError&) {
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << ": " << error.what();
  }
}

TEST(OnnxDamageTest, EveryTruncation) {
  const std::string model = whole_model();
  test::read(model);
  for (size_t length = 0; length < model.size(); ++length) {
    expect_read_or_refused(model.substr(0, length), "cut to " + std::to_string(length));
  }
}

TEST(OnnxDamageTest, EveryBitTurned) {
  const std::string model = whole_model();
  for (size_t byte = 0; byte < model.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = model;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      expect_read_or_refused(damaged, "byte " + std::to_string(byte) + ", bit " + std::to_string(bit));
    }
  }
}

TEST(OnnxDamageTest, BytesPutInTakenOutAndReplaced) {
  const std::string model = whole_model();
  std::mt19937 random(1);
  const auto below = [&](size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random); };
  for (int round = 0; round < 30'000; ++round) {
    std::string damaged = model;
    for (size_t changes = 1 + below(4); changes > 0; --changes) {
      const size_t at = below(damaged.size());
      const auto byte = static_cast<char>(below(256));
      switch (below(3)) {
        case 0:
          damaged[at] = byte;
          break;
        case 1:
          damaged.insert(at, 1, byte);
          break;
        default:
          damaged.erase(at, 1 + below(3));
      }
    }
    expect_read_or_refused(damaged, "round " + std::to_string(round));
  }
}

// Groups, protobuf's old way to nest, of a field that nobody knows.
TEST(OnnxDamageTest, DeepNesting) {
  constexpr char kStartOfGroup = 15 << 3 | 3;
  const std::string groups(100'000, kStartOfGroup);
  EXPECT_THAT(test::refusal_of(test::small_model().bytes() + groups), testing::HasSubstr("is not an ONNX model"));
}

// A text that claims to be longer than the file.
TEST(OnnxDamageTest, LengthsAreNotBelieved) {
  for (const char* length : {"\xff\xff\xff\x07", "\xff\xff\xff\xff\x07", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"}) {
    EXPECT_THAT(test::refusal_of(std::string("\x3a") + length), testing::HasSubstr("is not an ONNX model"));
  }
}

}  // namespace
}  // namespace convstep
