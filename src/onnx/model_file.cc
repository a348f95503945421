#include "onnx/model_file.h"

#include <google/protobuf/io/coded_stream.h>
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
constexpr int64_t kLeastLeft = 4096;     // of raw_data: to read less by itself takes longer than to copy it
constexpr int64_t kMostFirstBytes = 32;  // enough to tell what a file is

// Stretches of a file one after the other, block by block, so that its bytes are not in memory twice.
class StretchStream : public protobuf_io::CopyingInputStream {
 public:
  explicit StretchStream(std::span<const Stretch> stretches) : stretches_(stretches) {}

  // protobuf knows no exceptions.
  int Read(void* buffer, int size) override try {
    while (!stretches_.empty() && taken_ == stretches_.front().size()) {
      stretches_ = stretches_.subspan(1);
      taken_ = 0;
    }
    if (stretches_.empty()) return 0;
    const Stretch& stretch = stretches_.front();
    const auto count = static_cast<int>(std::min<int64_t>(size, stretch.size() - taken_));
    stretch.bytes->read(stretch.begin + taken_, buffer, count);
    taken_ += count;
    return count;
  } catch (...) {
    error_ = std::current_exception();
    return -1;
  }
  int Skip(int count) override {
    int left = count;
    while (left > 0 && !stretches_.empty()) {
      const auto skipped = static_cast<int>(std::min<int64_t>(left, stretches_.front().size() - taken_));
      taken_ += skipped;
      left -= skipped;
      if (left > 0) {
        stretches_ = stretches_.subspan(1);
        taken_ = 0;
      }
    }
    return count - left;
  }
  void throw_error() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::span<const Stretch> stretches_;
  int64_t taken_ = 0;  // of the first of them
  std::exception_ptr error_;
};

// protobuf is told how many bytes there are: else it would believe a text's length until the bytes run out.
template <class Message>
bool merge(Message& message, const std::vector<Stretch>& stretches) {
  int64_t bytes = 0;
  for (const Stretch& stretch : stretches) bytes += stretch.size();
  StretchStream blocks(stretches);
  protobuf_io::CopyingInputStreamAdaptor stream(&blocks, kBlock);
  protobuf_io::CodedInputStream coded(&stream);
  coded.PushLimit(static_cast<int>(bytes));
  const bool is_valid = message.MergePartialFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  blocks.throw_error();
  return is_valid;
}

// Walks a model's fields without a look at what is in them, but for the graph's tensors, and leaves their large
// raw_data where they are. Of the rest, protobuf makes messages.
class ModelReader {
 public:
  explicit ModelReader(const Bytes& bytes)
      : all_{&bytes, 0, bytes.size()}, blocks_({&all_, 1}), stream_(&blocks_, kBlock), in_(&stream_) {}

  // False where the bytes are no model.
  bool read() {
    const bool is_valid = read_model();
    blocks_.throw_error();
    return is_valid;
  }
  Model take() { return std::move(model_); }

 private:
  struct Field {
    int number;
    bool has_length;
    Stretch all, value;
  };

  bool read_model() {
    std::vector<Stretch> others;
    const bool is_valid = for_each_field(all_, [&](const Field& field) {
      if (field.has_length && field.number == onnx_file::ModelProto::kGraphFieldNumber) return read_graph(field.value);
      add(others, field.all);
      return skip(field);
    });
    return is_valid && merge(model_.proto, others);
  }

  bool read_graph(const Stretch& graph) {
    std::vector<Stretch> others;
    const bool is_valid = for_each_field(graph, [&](const Field& field) {
      if (field.has_length && field.number == onnx_file::GraphProto::kInitializerFieldNumber &&
          field.value.size() >= kLeastLeft) {
        return read_tensor(field, others);
      }
      add(others, field.all);
      return skip(field);
    });
    return is_valid && merge(*model_.proto.mutable_graph(), others);
  }

  // Of fields that are there more than once, the last one counts.
  bool read_tensor(const Field& tensor, std::vector<Stretch>& graphs) {
    std::vector<Stretch> others;
    Stretch raw_data;
    const bool is_valid = for_each_field(tensor.value, [&](const Field& field) {
      if (field.has_length && field.number == onnx_file::TensorProto::kRawDataFieldNumber) {
        raw_data = field.value;
      } else {
        add(others, field.all);
      }
      return skip(field);
    });
    if (!is_valid) return false;
    if (raw_data.size() < kLeastLeft) {
      add(graphs, tensor.all);
      return true;
    }
    model_.raw_data.push_back(raw_data);
    return merge(*model_.proto.mutable_graph()->add_initializer(), others);
  }

  template <class Visit>
  bool for_each_field(const Stretch& message, const Visit& visit) {
    while (in_.CurrentPosition() < message.end) {
      Field field;
      if (!next(message, field) || !visit(field)) return false;
    }
    return true;
  }

  bool next(const Stretch& message, Field& field) {
    const int64_t begin = in_.CurrentPosition();
    const uint32_t tag = in_.ReadTag();
    field.number = static_cast<int>(tag >> 3);
    field.has_length = false;
    uint32_t length = 0;
    uint64_t varint = 0;
    switch (tag & 7) {
      case 0:
        if (!in_.ReadVarint64(&varint)) return false;
        break;
      case 1:
        length = sizeof(uint64_t);
        break;
      case 2:
        field.has_length = true;
        if (!in_.ReadVarint32(&length)) return false;
        break;
      case 5:
        length = sizeof(uint32_t);
        break;
      default:  // groups, which ONNX has not, or no field
        return false;
    }
    const int64_t value = in_.CurrentPosition();
    field.all = {message.bytes, begin, value + length};
    field.value = {message.bytes, value, value + length};
    return field.number > 0 && field.value.end <= message.end;
  }

  // From its value's first byte.
  bool skip(const Field& field) { return in_.Skip(static_cast<int>(field.value.end - in_.CurrentPosition())); }

  static void add(std::vector<Stretch>& stretches, const Stretch& next) {
    if (!stretches.empty() && stretches.back().end == next.begin) {
      stretches.back().end = next.end;
    } else {
      stretches.push_back(next);
    }
  }

  Stretch all_;
  StretchStream blocks_;
  protobuf_io::CopyingInputStreamAdaptor stream_;
  protobuf_io::CodedInputStream in_;
  Model model_;
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

Model unpack(const Bytes& bytes, const Source& source) {
  check_size(bytes.size(), source);
  ModelReader reader(bytes);
  if (!reader.read()) {
    std::string first_bytes(static_cast<size_t>(std::min(bytes.size(), kMostFirstBytes)), '\0');
    bytes.read(0, first_bytes.data(), static_cast<int64_t>(first_bytes.size()));
    fail_not_valid(first_bytes, source);
  }
  return reader.take();
}

}  // namespace convstep::onnx
