// tutorial_cell.h: the text of one cell of the tutorial.
#pragma once

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "notebook/document_printouts.h"
#include "notebook/tutorial.h"

namespace convstep::cli {

enum class Layout {
  kOwnLine,   // "label =", and the text in the next line
  kSameLine,  // "label = text"
};

// Writes a cell from top to bottom and compares every result it is shown with the document's printouts.
class TutorialCell {
 public:
  // Writes the heading.
  TutorialCell(const TutorialPart& part, std::string_view function, std::span<const DocumentPrintout> printouts,
               std::ostream& out);

  void explain(std::string_view paragraph);
  // Lines that stand apart: sizes worked out, code.
  void list(const std::vector<std::string>& lines);

  // A result as the notebook prints it, and below it the marks of the comparison. Of single numbers the older printouts
  // have fewer digits.
  void show(std::string_view label, std::string_view text, Layout layout = Layout::kOwnLine);
  void show(std::string_view label, double number, Layout layout = Layout::kOwnLine);
  // "mode = mode"; the results that follow are looked up as "mode label".
  void begin_mode(std::string_view mode);

  // Closes the cell. True where every printout of the part was compared, and nothing differed.
  bool finish();

  // How many figures have been compared.
  size_t compared() const { return compared_; }

 private:
  void show(std::string_view label, std::string_view text, std::string_view older_text, Layout layout);
  void mark(const DocumentPrintout& printout, const Comparison& comparison);

  std::vector<DocumentPrintout> unchecked_;
  std::ostream& out_;
  std::string prefix_;  // "max ", "average " or nothing
  size_t compared_ = 0;
  bool passed_ = true;
};

// "n_H = floor((5 - 3 + 2*1) / 2) + 1 = 3"
std::string output_size_text(std::string_view name, int64_t input, int64_t f, int64_t pad, int64_t stride,
                             int64_t output);
// The same for pooling, which has no padding.
std::string output_size_text(std::string_view name, int64_t input, int64_t f, int64_t stride, int64_t output);

}  // namespace convstep::cli
