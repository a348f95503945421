// onnx.h: trained networks out of .onnx files (component onnx).
//
//   const auto network = load_onnx<float>("model.onnx");
//   const NetworkOutput<float> scores = network.run(image);  // image [1,224,224,3]
//   std::cout << network.describe();
//
// Opsets 6 to 28, with the operations that docs/onnx.md lists. The network computes in T, whatever real type the file
// has (float16, bfloat16, float32, float64), and in int64 where that has whole numbers or truth values. Its images are
// (N, H, W, C), as all of a Network's are (network.h), where the file says (N, C, H, W).
//
// A file from a stranger is safe to load: it is believed only as far as its bytes bear it out, and what is wrong with
// it is said in a FormatError. Weights beside the model are read where they lie in its folder or in folders of that,
// or where symbolic links lead to in the folder of the real model (a cache of downloads). Control flow, functions of
// the file's own, sparse tensors and sequences are refused; of operations that convstep does not have, all are named.
// Source of the format: https://onnx.ai/onnx/repo-docs/IR.html.
#pragma once

#include <span>
#include <string>

#include "convstep/network.h"

namespace CONVSTEP_EXPORT convstep {

// Throws FileError, FormatError, and std::bad_alloc.
template <class T>
Network<T> load_onnx(const std::string& path, const NetworkOptions& options = {});

// The same of a model in memory, with all its weights. Errors call it `name`.
template <class T>
Network<T> load_onnx(std::span<const unsigned char> model, const std::string& name = "the model",
                     const NetworkOptions& options = {});

extern template Network<float> load_onnx(const std::string&, const NetworkOptions&);
extern template Network<double> load_onnx(const std::string&, const NetworkOptions&);
extern template Network<float> load_onnx(std::span<const unsigned char>, const std::string&, const NetworkOptions&);
extern template Network<double> load_onnx(std::span<const unsigned char>, const std::string&, const NetworkOptions&);

}  // namespace convstep
