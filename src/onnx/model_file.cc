#include "onnx/model_file.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <exception>
#include <limits>

namespace convstep::onnx {
namespace {

namespace protobuf_io = google::protobuf::io;

// protobuf counts bytes in 31 bits; larger models keep their weights in files beside them.
constexpr int64_t kMostBytes = std::numeric_limits<int>::max();
constexpr int kBlock = 1 << 16;

// A file, block by block, so that its bytes are not in memory twice.
class FileStream : public protobuf_io::CopyingInputStream {
 public:
  explicit FileStream(const InputFile& file) : file_(file) {}

  // protobuf knows no exceptions.
  int Read(void* buffer, int size) override try {
    const auto count = static_cast<int>(std::min<int64_t>(size, file_.size() - offset_));
    file_.read(offset_, buffer, count);
    offset_ += count;
    return count;
  } catch (...) {
    error_ = std::current_exception();
    return -1;
  }
  void throw_error() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const InputFile& file_;
  int64_t offset_ = 0;
  std::exception_ptr error_;
};

void check_size(int64_t bytes, const Source& source) {
  if (bytes == 0) source.fail("it is empty");
  if (bytes <= kMostBytes) return;
  source.fail("it has " + std::to_string(bytes) + " bytes; models of up to " + std::to_string(kMostBytes) +
              " can be read, with their weights in files beside them where they are more");
}

constexpr const char* kNotValid = "it is not an ONNX model, or it is damaged or cut off";

}  // namespace

// protobuf is told how many bytes there are: else it would believe a text's length until the bytes run out.
onnx_file::ModelProto unpack(const InputFile& file, const Source& source) {
  check_size(file.size(), source);
  FileStream blocks(file);
  protobuf_io::CopyingInputStreamAdaptor stream(&blocks, kBlock);
  onnx_file::ModelProto model;
  const bool is_valid = model.ParsePartialFromBoundedZeroCopyStream(&stream, static_cast<int>(file.size()));
  blocks.throw_error();
  file.check_size_unchanged();
  if (!is_valid) source.fail(kNotValid);
  return model;
}

onnx_file::ModelProto unpack(std::span<const unsigned char> bytes, const Source& source) {
  check_size(static_cast<int64_t>(bytes.size()), source);
  onnx_file::ModelProto model;
  if (!model.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) source.fail(kNotValid);
  return model;
}

}  // namespace convstep::onnx
