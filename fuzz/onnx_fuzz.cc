// Any bytes, given to the reader of models: they must end in a graph or in a FormatError. (Not in a network: that
// computes what is constant, and may ask for as much memory as the file likes.)
#include <cstdint>
#include <span>

#include "convstep/error.h"
#include "network/operation.h"
#include "onnx/read.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const std::vector<std::string> kOperations = convstep::network::operation_names();
  try {
    convstep::onnx::read_onnx<float>(std::span(bytes, size), "model", kOperations);
  } catch (const convstep::FormatError&) {  // the other good ending
  }
  return 0;
}
