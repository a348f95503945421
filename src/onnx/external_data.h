// external_data.h: weights in files beside the model.
#pragma once

#include <map>
#include <string>

#include "onnx/bytes.h"
#include "onnx/source.h"
#include "onnx_file/onnx.pb.h"

namespace convstep::onnx {

// The files that a model names. Each is opened once.
class ExternalData {
 public:
  explicit ExternalData(const Source& source) : source_(source) {}

  // Where the bytes of a tensor are that keeps them elsewhere, which must be so many. `what` is the tensor, for
  // messages. Throws FormatError where the file is not within the model's folder, or has not these bytes; FileError.
  Stretch find(const onnx_file::TensorProto& tensor, int64_t bytes, const std::string& what);

 private:
  struct Opened {
    explicit Opened(const std::string& path) : file(path) {}

    FileBytes file;
    int64_t taken = 0;  // bytes of it, by all tensors
  };
  Opened& open(const std::string& location, const std::string& what);

  const Source& source_;
  std::map<std::string, Opened> files_;
};

}  // namespace convstep::onnx
