#include "notebook/tutorial_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "notebook/numpy_text.h"

namespace convstep::cli {
namespace {

constexpr size_t kMostDifferences = 5;  // shown of one result; where more differ, the first ones tell the story

std::string figures(size_t count) { return count == 1 ? "1 figure" : fmt::format("{} figures", count); }

std::string or_nothing(const std::string& figure) { return figure.empty() ? "nothing" : figure; }

}  // namespace

TutorialCell::TutorialCell(const TutorialPart& part, std::string_view function,
                           std::span<const DocumentPrintout> printouts, std::ostream& out)
    : out_(out) {
  std::copy_if(printouts.begin(), printouts.end(), std::back_inserter(unchecked_),
               [&](const DocumentPrintout& printout) { return printout.part == part.name; });
  const std::string heading = fmt::format("{}  {}: {}", part.section, function, part.summary);
  out_ << heading << '\n' << std::string(heading.size(), '-') << '\n';
}

void TutorialCell::explain(std::string_view paragraph) { out_ << paragraph << "\n\n"; }

void TutorialCell::list(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) out_ << "    " << line << '\n';
  out_ << '\n';
}

void TutorialCell::show(std::string_view label, std::string_view text, Layout layout) {
  show(label, text, text, layout);
}

void TutorialCell::show(std::string_view label, double number, Layout layout) {
  show(label, numpy_scalar_text(number), older_number_text(number), layout);
}

void TutorialCell::begin_mode(std::string_view mode) {
  prefix_ = std::string(mode) + " ";
  out_ << "mode = " << mode << '\n';
}

void TutorialCell::show(std::string_view label, std::string_view text, std::string_view older_text, Layout layout) {
  out_ << label << (layout == Layout::kOwnLine ? " =\n " : " = ") << text << '\n';
  const std::string name = prefix_ + std::string(label);
  const auto of_this_result = [&](const DocumentPrintout& printout) { return printout.name == name; };
  for (const DocumentPrintout& printout : unchecked_) {
    if (!of_this_result(printout)) continue;
    const std::string_view got = printout.kind == PrintoutKind::kCell ? text : older_text;
    mark(printout, compare_printouts(printout.text, got, printout.kind == PrintoutKind::kExpectedCut));
  }
  std::erase_if(unchecked_, of_this_result);
}

void TutorialCell::mark(const DocumentPrintout& printout, const Comparison& comparison) {
  const auto& [compared, differences] = comparison;
  const std::string_view where = printout.kind == PrintoutKind::kCell        ? "as the document prints it"
                                 : printout.kind == PrintoutKind::kPublished ? "as the full notebook prints it"
                                                                             : "as in its \"Expected Output\"";
  compared_ += compared;
  if (differences.empty()) {
    out_ << fmt::format("  [ok] {}: {}\n", where, figures(compared));
    return;
  }
  passed_ = false;
  out_ << fmt::format("  [DIFFERS] not {}: {} of {}\n", where, differences.size(), figures(compared));
  for (size_t i = 0; i < std::min(differences.size(), kMostDifferences); ++i) {
    const auto& [position, expected, got] = differences[i];
    out_ << fmt::format("    figure {}: expected {}, got {}\n", position + 1, or_nothing(expected), or_nothing(got));
  }
  if (differences.size() > kMostDifferences) {
    out_ << fmt::format("    and {} more\n", differences.size() - kMostDifferences);
  }
}

bool TutorialCell::finish() {
  for (const DocumentPrintout& printout : unchecked_) {
    passed_ = false;
    out_ << fmt::format("  [MISSING] the notebook prints {}, which was not computed\n", printout.name);
  }
  out_ << '\n';
  return passed_;
}

std::string output_size_text(std::string_view name, int64_t input, int64_t f, int64_t pad, int64_t stride,
                             int64_t output) {
  return fmt::format("{} = floor(({} - {} + 2*{}) / {}) + 1 = {}", name, input, f, pad, stride, output);
}

std::string output_size_text(std::string_view name, int64_t input, int64_t f, int64_t stride, int64_t output) {
  return fmt::format("{} = floor(({} - {}) / {}) + 1 = {}", name, input, f, stride, output);
}

}  // namespace convstep::cli
