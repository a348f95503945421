// model_file.h: the messages of an .onnx file, unpacked but not yet understood.
#pragma once

#include <vector>

#include "onnx/bytes.h"
#include "onnx/source.h"
#include "onnx_file/onnx.pb.h"

namespace convstep::onnx {

struct Model {
  onnx_file::ModelProto proto;
  // The raw_data of the first initializers, which are left where they are.
  std::vector<Stretch> raw_data;
};

// Memory in proportion to the bytes that are not left, whatever their fields announce. Throws FormatError, FileError.
Model unpack(const Bytes& bytes, const Source& source);

}  // namespace convstep::onnx
