// Weights in files beside a model: those within its folder, and no others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/onnx/model_builder.h"

namespace convstep {
namespace {

using test::ModelBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class OnnxExternalTest : public testing::Test {
 protected:
  OnnxExternalTest() {
    fs::create_directory(folder("models"));
    fs::create_directory(folder("models/parts"));
    const float values[] = {1, 2, 3, 4};
    const std::string bytes(reinterpret_cast<const char*>(values), sizeof values);
    for (const char* name : {"outside.bin", "models/weights.bin", "models/parts/weights.bin"}) {
      test::write_file(folder(name), bytes);
    }
  }

  std::string folder(const std::string& name) const { return directory_.file(name); }
  std::string path() const { return folder("models/model.onnx"); }

  // A model with a tensor of so many floats in another file, at an offset and of a length where these are not "".
  std::string write(const std::string& location, int64_t count = 2, const std::string& offset = "",
                    const std::string& length = "", int tensors = 1) const {
    ModelBuilder builder;
    for (int i = 0; i < tensors; ++i) {
      test::TensorProto& tensor = builder.tensor("w" + std::to_string(i), {count});
      tensor.set_data_location(1);
      const auto add = [&](const std::string& key, const std::string& value) {
        if (value.empty() && key != "location") return;
        auto& entry = *tensor.add_external_data();
        entry.set_key(key);
        entry.set_value(value);
      };
      add("location", location);
      add("offset", offset);
      add("length", length);
    }
    builder.output("w0");
    return test::write_file(path(), builder.bytes());
  }

  std::vector<float> read(const std::string& model) const {
    const auto graph = onnx::read_onnx<float>(model, {});
    const auto view = graph[graph.outputs[0]].constant.view().real();
    return {view.data, view.data + view.size()};
  }
  template <class Error = FormatError>
  std::string refusal_of(const std::string& model) const {
    return test::message_of<Error>(std::is_same_v<Error, FormatError> ? path() : "", [&] { read(model); });
  }

  test::TemporaryDirectory directory_;
};

TEST_F(OnnxExternalTest, ReadsFilesOfTheFolder) {
  EXPECT_THAT(read(write("weights.bin")), ElementsAre(1, 2));
  EXPECT_THAT(read(write("weights.bin", 3, "4", "12")), ElementsAre(2, 3, 4));
  EXPECT_THAT(read(write("parts/weights.bin", 1, "12")), ElementsAre(4));
  EXPECT_THAT(read(write("./weights.bin", 4)), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read(write("weights.bin", 0)), ElementsAre());
}

TEST_F(OnnxExternalTest, TheFolderMayBeTheWorkingDirectory) {
  write("weights.bin");
  const fs::path before = fs::current_path();
  fs::current_path(folder("models"));
  EXPECT_THAT(read("model.onnx"), ElementsAre(1, 2));
  fs::current_path(before);
}

TEST_F(OnnxExternalTest, ReadsNothingElsewhere) {
  const std::string not_within = "only files within the model's folder are read";
  EXPECT_THAT(refusal_of(write("../outside.bin")), HasSubstr(not_within));
  EXPECT_THAT(refusal_of(write("parts/../../outside.bin")), HasSubstr(not_within));
  EXPECT_THAT(refusal_of(write("parts/../weights.bin")), HasSubstr(not_within));
  EXPECT_THAT(refusal_of(write(folder("outside.bin"))), HasSubstr(not_within));
  EXPECT_THAT(refusal_of(write("")), HasSubstr(not_within));
  EXPECT_THAT(refusal_of(write(std::string("weights.bin\0x", 13))), HasSubstr(not_within));
  fs::create_symlink(folder("outside.bin"), folder("models/link.bin"));
  EXPECT_THAT(refusal_of(write("link.bin")), HasSubstr(not_within));
  fs::create_directory_symlink(folder("."), folder("models/up"));
  EXPECT_THAT(refusal_of(write("up/outside.bin")), HasSubstr(not_within));
}

// As in a cache of downloads: the model and its weights are links into one folder.
TEST_F(OnnxExternalTest, FollowsLinksToWhereTheModelReallyIs) {
  write("data.bin");
  fs::create_directories(folder("snapshot/onnx"));
  fs::create_directory(folder("blobs"));
  fs::rename(folder("models/model.onnx"), folder("blobs/aaa"));
  fs::copy_file(folder("models/weights.bin"), folder("blobs/bbb"));
  fs::create_symlink("../../blobs/aaa", folder("snapshot/onnx/model.onnx"));
  fs::create_symlink("../../blobs/bbb", folder("snapshot/onnx/data.bin"));
  EXPECT_THAT(read(folder("snapshot/onnx/model.onnx")), ElementsAre(1, 2));
  fs::remove(folder("snapshot/onnx/data.bin"));
  fs::create_symlink(folder("outside.bin"), folder("snapshot/onnx/data.bin"));
  const std::string model = folder("snapshot/onnx/model.onnx");
  const std::string refusal = test::message_of<FormatError>(model, [&] { read(model); });
  EXPECT_THAT(refusal, HasSubstr("only files within the model's folder are read"));
}

TEST_F(OnnxExternalTest, FilesThatAreNone) {
  EXPECT_THAT(refusal_of<FileError>(write("missing.bin")), HasSubstr("no such file"));
  EXPECT_THAT(refusal_of<FileError>(write("parts")), HasSubstr("it is a directory"));
  ASSERT_EQ(::mkfifo(folder("models/pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal_of<FileError>(write("pipe")), HasSubstr("it is a pipe"));
}

TEST_F(OnnxExternalTest, OffsetsAndLengths) {
  EXPECT_THAT(refusal_of(write("weights.bin", 5)), HasSubstr("the tensor 'w0' has bytes 0 to 0 + 20"));
  EXPECT_THAT(refusal_of(write("weights.bin", 2, "12")), HasSubstr("has bytes 12 to 12 + 8"));
  EXPECT_THAT(refusal_of(write("weights.bin", 2, "17")), HasSubstr("which has 16"));
  EXPECT_THAT(refusal_of(write("weights.bin", 2, "9223372036854775807")), HasSubstr("which has 16"));
  EXPECT_THAT(refusal_of(write("weights.bin", 2, "0", "7")), HasSubstr("has 7 bytes in the file 'weights.bin'"));
  for (const char* wrong : {"-1", "x", "1.5", "0x4", "9223372036854775808", " 4"}) {
    EXPECT_THAT(refusal_of(write("weights.bin", 2, wrong)), HasSubstr("no valid offset")) << wrong;
    EXPECT_THAT(refusal_of(write("weights.bin", 2, "0", wrong)), HasSubstr("no valid offset")) << wrong;
  }
  EXPECT_THAT(refusal_of(write("weights.bin", int64_t{1} << 40)), HasSubstr("which has 16"));
}

TEST_F(OnnxExternalTest, ManyTensorsOfTheSameBytes) {
  EXPECT_THAT(read(write("weights.bin", 2, "", "", 2)), ElementsAre(1, 2));
  EXPECT_THAT(refusal_of(write("weights.bin", 2, "", "", 3)), HasSubstr("its tensors take more bytes"));
}

TEST_F(OnnxExternalTest, BytesHaveNoFolder) {
  EXPECT_THAT(test::refusal_of(test::read_file(write("weights.bin"))), HasSubstr("without the folder that it lies in"));
}

}  // namespace
}  // namespace convstep
