// read.h: .onnx files as graphs.
//
// A file is not trusted: every failure is a FormatError with its name, or a FileError, and memory is taken in
// proportion to the bytes of the model and of the files beside it.
#pragma once

#include <span>
#include <string>

#include "network/graph.h"

namespace convstep::onnx {

// The graph of a model, its operations in the form of the newest opset. `operations` are those that the caller has
// (network::operation_names()): a model with others is refused, and all of them are named.
template <class T>
network::Graph<T> read_onnx(const std::string& path, std::span<const std::string> operations);

// The same of a model in memory, which messages call `name`. Its weights must be in it.
template <class T>
network::Graph<T> read_onnx(std::span<const unsigned char> bytes, const std::string& name,
                            std::span<const std::string> operations);

}  // namespace convstep::onnx
