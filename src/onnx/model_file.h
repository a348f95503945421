// model_file.h: the messages of an .onnx file, unpacked but not yet understood.
#pragma once

#include <span>

#include "io/file.h"
#include "onnx/source.h"
#include "onnx_file/onnx.pb.h"

namespace convstep::onnx {

// Memory in proportion to the file's size, whatever its fields announce. Throws FormatError, FileError.
onnx_file::ModelProto unpack(const InputFile& file, const Source& source);
onnx_file::ModelProto unpack(std::span<const unsigned char> bytes, const Source& source);

}  // namespace convstep::onnx
