// tensor.h: the arrays in a model.
#pragma once

#include "network/array.h"
#include "onnx/external_data.h"

namespace convstep::onnx {

// The elements as reals T (float, double, float16, bfloat16) or whole numbers of 64 bits (integers and bools).
// `raw_data` are those that the message was unpacked without, if any. `what` is the tensor, for messages. Throws
// FormatError where its shape, type and elements do not fit each other, before memory is taken for more elements than
// there are.
template <class T>
network::Constant<T> read_tensor(onnx_file::TensorProto& tensor, const Stretch& raw_data, ExternalData& external,
                                 const Source& source, const std::string& what);

}  // namespace convstep::onnx
