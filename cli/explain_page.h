// explain_page.h: the page that shows a layer step by step. web/ has what is on it; here the layer is put in.
//
// The layer is one object of JSON, whose members docs/explain.md lists. The Python package writes the same text
// (python/convstep/_explain.py).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convstep/npy.h"

namespace convstep::cli {

// How large the page lets a layer be: it keeps all arrays, and computes them again while they are changed.
inline constexpr int64_t kMostElements = int64_t{1} << 20;  // of an array
inline constexpr int64_t kMostProducts = int64_t{1} << 26;  // of a layer; a second's work for a browser
inline constexpr int64_t kMostSteps = 16;                   // of a window's side, a stride, a padding

struct ExplainedLayer {
  std::string kind;                    // "conv" or "pool"
  bool picture = false;                // is the input one, from 0 to 1?
  std::optional<Size2> scaled_from{};  // the picture's size in its file, where it was scaled
  std::vector<std::string> filters{};  // their names, where they have any
  Array input{};                       // (N, H, W, C), of float32 or float64, as are the others
  std::optional<Array> weights{};      // (KH, KW, C, O)
  std::optional<Array> bias{};         // (O,)
  std::optional<Array> grad{};         // of the output, with its shape
  int64_t stride = 1, pad = 0;         // pad: of a convolution
  int64_t window = 0;                  // of a pooling
  std::string mode{};                  // of a pooling
};

// Throws ShapeError and ParameterError where the layer is larger than the page can show; shapes fit together.
void check_explained(const ExplainedLayer& layer);

// The whole page.
std::string explain_page(const ExplainedLayer& layer);

// What the page is made of; the layer stands between the parts of the one that holds "@layer@".
const std::vector<std::string_view>& page_pieces();

}  // namespace convstep::cli
