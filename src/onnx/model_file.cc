#include "onnx/model_file.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <string_view>

namespace convstep::onnx {
namespace {

namespace protobuf_io = google::protobuf::io;

// protobuf counts bytes in 31 bits; larger models keep their weights in files beside them.
constexpr int64_t kMostBytes = std::numeric_limits<int>::max();
constexpr int kBlock = 1 << 16;
constexpr int64_t kMostFirstBytes = 32;  // enough to tell what a file is

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

// What a file is that is no model, as its first bytes tell.
struct Kind {
  std::string_view first_bytes, name;
};
constexpr Kind kKinds[] = {
    {"version https://git-lfs", "a pointer of Git LFS, for which `git lfs pull` fetches the file"},
    {"PK\3\4", "a zip file, as those of PyTorch and Keras are, which export models to ONNX"},
    {"\x89HDF", "an HDF5 file, as Keras writes, whose models tf2onnx makes ONNX of"},
    {"\x93NUMPY", "a NumPy array"},
    {"\x89PNG", "a picture"},
    {"\xff\xd8\xff", "a picture"},
    {"<", "a web page, or XML"},
    {"{", "JSON"},
};

[[noreturn]] void fail_not_valid(std::string_view first_bytes, const Source& source) {
  for (const Kind& kind : kKinds) {
    if (!first_bytes.starts_with(kind.first_bytes)) continue;
    source.fail("it is not an ONNX model: it looks like " + std::string(kind.name));
  }
  source.fail("it is not an ONNX model, or it is damaged or cut off");
}

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
  if (!is_valid) {
    std::string first_bytes(static_cast<size_t>(std::min<int64_t>(file.size(), kMostFirstBytes)), '\0');
    file.read(0, first_bytes.data(), static_cast<int64_t>(first_bytes.size()));
    fail_not_valid(first_bytes, source);
  }
  return model;
}

onnx_file::ModelProto unpack(std::span<const unsigned char> bytes, const Source& source) {
  check_size(static_cast<int64_t>(bytes.size()), source);
  onnx_file::ModelProto model;
  if (!model.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    fail_not_valid({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, source);
  }
  return model;
}

}  // namespace convstep::onnx
