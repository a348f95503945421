// tutorial.h: the notebook, cell by cell, computed by the library and checked against what the notebook document and,
// for the backward pass, the notebook's published full versions print.
#pragma once

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convstep/tensor.h"
#include "notebook/document_printouts.h"

namespace convstep::cli {

struct TutorialPart {
  std::string_view name;     // "conv_forward": how it is asked for
  std::string_view section;  // "3.3": of the notebook
  std::string_view summary;  // one line
};

// zero_pad, conv_single_step, conv_forward, pool_stride_1, pool_stride_2, and on the way back conv_backward,
// conv_backward_v1, create_mask, distribute_value, pool_backward: the order of the notebook.
std::span<const TutorialPart> tutorial_parts();

// One channel of one image, to be drawn.
struct TutorialPanel {
  std::string title;
  Tensor<double, 2> plane;
};

// Panels to be drawn side by side, as one file.
struct TutorialPicture {
  std::string stem;  // of the file's name
  std::vector<TutorialPanel> panels;
};

struct TutorialResult {
  bool passed = true;  // every figure of the notebook came out, to the last digit
  std::vector<TutorialPicture> pictures;
};

// Writes the parts named, or all where none is, to `out`: what the cell does, what it prints, and below each result
// whether its figures are the notebook's. Throws ParameterError for an unknown name, before anything is written.
TutorialResult run_tutorial(std::span<const std::string> parts, std::ostream& out,
                            std::span<const DocumentPrintout> printouts = all_printouts());

}  // namespace convstep::cli
