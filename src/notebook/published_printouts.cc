// published_printouts.cc: what the notebook's published full versions print of the backward pass.
#include <vector>

#include "notebook/document_printouts.h"

namespace convstep::cli {
namespace {

constexpr const char* kMask = R"([[ True False False]
 [False False False]])";
constexpr const char* kShares = R"([[ 0.5  0.5]
 [ 0.5  0.5]])";
constexpr const char* kMaxGradients = R"([[ 0.          0.        ]
 [ 5.05844394 -1.68282702]
 [ 0.          0.        ]])";
constexpr const char* kAverageGradients = R"([[ 0.08485462  0.2787552 ]
 [ 1.26461098 -0.25749373]
 [ 1.17975636 -0.53624893]])";

constexpr DocumentPrintout kPrintouts[] = {
    {"conv_backward", "Z's mean", PrintoutKind::kPublished, "0.0489952035289"},
    {"conv_backward", "dA_mean", PrintoutKind::kPublished, "1.45243777754"},
    {"conv_backward", "dW_mean", PrintoutKind::kPublished, "1.72699145831"},
    {"conv_backward", "db_mean", PrintoutKind::kPublished, "7.83923256462"},
    {"conv_backward_v1", "Z's mean", PrintoutKind::kPublished, "0.155859324889"},
    {"conv_backward_v1", "dA_mean", PrintoutKind::kPublished, "9.60899067587"},
    {"conv_backward_v1", "dW_mean", PrintoutKind::kPublished, "10.5817412755"},
    {"conv_backward_v1", "db_mean", PrintoutKind::kPublished, "76.3710691956"},
    {"create_mask", "mask", PrintoutKind::kPublished, kMask},
    {"distribute_value", "distributed value", PrintoutKind::kPublished, kShares},
    {"pool_backward", "max mean of dA", PrintoutKind::kPublished, "0.145713902729"},
    {"pool_backward", "max dA_prev[1,1]", PrintoutKind::kPublished, kMaxGradients},
    {"pool_backward", "average dA_prev[1,1]", PrintoutKind::kPublished, kAverageGradients},
};

}  // namespace

std::span<const DocumentPrintout> published_printouts() { return kPrintouts; }

std::span<const DocumentPrintout> all_printouts() {
  static const std::vector<DocumentPrintout> all = [] {
    std::vector<DocumentPrintout> both(document_printouts().begin(), document_printouts().end());
    both.insert(both.end(), published_printouts().begin(), published_printouts().end());
    return both;
  }();
  return all;
}

}  // namespace convstep::cli
