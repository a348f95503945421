// document_printouts.h: what the notebook document prints, and how to compare with it, digit for digit.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace convstep::cli {

// The document shows most results twice: as the cell printed them, and in a block of what to expect, made with an older
// NumPy.
enum class PrintoutKind {
  kCell,         // as NumPy 2 prints
  kExpected,     // single numbers have 12 significant digits only
  kExpectedCut,  // the same, but it breaks off: its figures are the first of the result's
  kPublished,    // as kExpected, of the backward pass, which only the notebook's published full versions have
};

struct DocumentPrintout {
  std::string_view part;  // of the tutorial
  std::string_view name;  // of the result, after "max " or "average " in the pooling parts
  PrintoutKind kind;
  std::string_view text;
};

// All of them, in the order of the document. Lines that its page breaks cut are joined, lost brackets put back; the
// figures are the document's.
std::span<const DocumentPrintout> document_printouts();

// Those of the backward pass, and both.
std::span<const DocumentPrintout> published_printouts();
std::span<const DocumentPrintout> all_printouts();

struct Difference {
  size_t position;            // of the figure, from 0
  std::string expected, got;  // empty where there is none
};

struct Comparison {
  size_t compared = 0;
  std::vector<Difference> differences;
};

// A number as NumPy before version 1.14 printed it: with 12 significant digits.
std::string older_number_text(double number);

// Compares figure by figure, as text, so that 1.50 is not 1.5. Brackets, commas and spacing do not count. With `cut`,
// figures of `got` beyond the last expected one are ignored.
Comparison compare_printouts(std::string_view expected, std::string_view got, bool cut = false);

}  // namespace convstep::cli
