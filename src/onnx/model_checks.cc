#include "onnx/model_checks.h"

#include <algorithm>
#include <map>
#include <set>

#include "onnx/upgrade.h"

namespace convstep::onnx {
namespace {

constexpr size_t kMostNamed = 20;  // operations in a message

// "3 Loop, 1 If, 12 com.microsoft.FusedConv": the most frequent first.
std::string list_of(const std::map<std::string, int64_t>& counts) {
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (size_t i = 0; i < sorted.size() && i < kMostNamed; ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(sorted[i].second) + " " + sorted[i].first;
  }
  if (sorted.size() > kMostNamed) text += ", and " + std::to_string(sorted.size() - kMostNamed) + " others";
  return text;
}

}  // namespace

bool is_onnx_domain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

int64_t opset_of(const onnx_file::ModelProto& model, const Source& source) {
  int64_t opset = 0;
  for (const auto& import : model.opset_import()) {
    if (!is_onnx_domain(import.domain())) continue;
    if (opset != 0 && opset != import.version()) source.fail("it imports two versions of ONNX's operations");
    opset = import.version();
    if (opset < kOldestOpset || opset > kNewestOpset) {
      source.fail("it has the operations of ONNX's opset " + std::to_string(opset) + "; those of " +
                  std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset) +
                  " can be read (the package onnx has a version_converter)");
    }
  }
  if (opset == 0) source.fail("it does not say of which opset of ONNX its operations are");
  return opset;
}

void check_operations(const onnx_file::ModelProto& model, std::span<const std::string> operations,
                      const Source& source) {
  std::set<std::pair<std::string, std::string>> functions;
  for (const auto& function : model.functions()) functions.emplace(function.domain(), function.name());

  std::map<std::string, int64_t> unknown, called;
  const auto is_known = [&](const std::string& operation) {
    return operation == kConstantNode ||
           std::find(operations.begin(), operations.end(), newest_name(operation)) != operations.end();
  };
  for (const auto& node : model.graph().node()) {
    const bool is_onnx = is_onnx_domain(node.domain());
    const std::string name =
        clean_name(source, "the name of an operation", is_onnx ? node.op_type() : node.domain() + "." + node.op_type());
    if (functions.contains({node.domain(), node.op_type()})) {
      ++called[name];
    } else if (!is_onnx || !is_known(node.op_type())) {
      ++unknown[name];
    }
  }
  if (!called.empty()) {
    source.fail("it calls functions of its own, which cannot be read: " + list_of(called) +
                " (onnx.inliner replaces them by what they are made of)");
  }
  if (!unknown.empty()) source.fail("it has operations that convstep does not have: " + list_of(unknown));
}

}  // namespace convstep::onnx
