// model_checks.h: what a model asks for, before any of it is built.
#pragma once

#include <span>
#include <string>

#include "onnx/source.h"
#include "onnx_file/onnx.pb.h"

namespace convstep::onnx {

// The sets of operations that can be read: older ones are of 2017, newer ones may have changed any operation.
inline constexpr int64_t kOldestOpset = 6;
inline constexpr int64_t kNewestOpset = 28;

// The model's set of operations. Throws FormatError where it is another than those, or missing.
int64_t opset_of(const onnx_file::ModelProto& model, const Source& source);

inline constexpr const char* kConstantNode = "Constant";  // the operation that the reader itself carries out

// Are all others among these, or turned into them? The FormatError names all others, and how often each is there.
void check_operations(const onnx_file::ModelProto& model, std::span<const std::string> operations,
                      const Source& source);

// "" or "ai.onnx", the domain of ONNX's own operations.
bool is_onnx_domain(const std::string& domain);

}  // namespace convstep::onnx
