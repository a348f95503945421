// check.h: what is wrong with somebody's own version of one of the notebook's functions.
//
//   const std::vector<CheckCase> cases = check_cases(CheckedFunction::kConvForward);
//   std::vector<CheckOutputs> yours;
//   for (const CheckCase& one : cases) yours.push_back(...);  // what the function in question makes of its inputs
//   const CheckFinding finding = check_outputs(CheckedFunction::kConvForward, cases, yours);
//   std::puts(finding.message.c_str());  // "The stride is not used: the window moves one pixel at a time."
//
// Known mistakes are small changes of a plain version of each function (src/notebook/check/). Outputs are right if they
// are so within rounding; otherwise the change, or the pair of changes, that gives these very outputs names the
// mistake; where none does, the first output that differs is written out, term by term. Outputs that were computed in
// another order, or in float32, are right: |error| <= gamma(n + 3) * sum |term|, with n terms and the unit roundoff of
// float32 (docs/architecture.md), three roundings more for terms that were themselves rounded. A sum counts as no
// smaller than nine in ten of its array, as Fourier transforms err by their neighbours.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convstep/error.h"
#include "convstep/export.h"

namespace CONVSTEP_EXPORT convstep {

enum class CheckedFunction {
  kZeroPad,
  kConvSingleStep,
  kConvForward,
  kPoolForward,
  kConvBackward,
  kCreateMaskFromWindow,
  kDistributeValue,
  kPoolBackward
};
inline constexpr int kCheckedFunctions = 8;

// Its name in the notebook, "conv_forward", and back; none for another name.
const char* checked_name(CheckedFunction function);
std::optional<CheckedFunction> checked_function(std::string_view name);

// What arrays go in and come out, in this order:
//
//   zero_pad                  X                        X_pad
//   conv_single_step          a_slice_prev, W, b       Z
//   conv_forward              A_prev, W, b             Z
//   pool_forward              A_prev                   A
//   conv_backward             dZ, A_prev, W, b         dA_prev, dW, db
//   create_mask_from_window   x                        mask
//   distribute_value          dz, shape                a
//   pool_backward             dA, A_prev               dA_prev
std::span<const char* const> check_input_names(CheckedFunction function);
std::span<const char* const> check_output_names(CheckedFunction function);

// Any shape, none for a single number; row-major.
struct CheckArray {
  std::vector<int64_t> shape;
  std::vector<double> values;
};

// What the function is called with. A function looks at those numbers alone that it has in the notebook.
struct CheckCase {
  std::vector<CheckArray> inputs{};
  int64_t stride = 1;
  int64_t pad = 0;
  int64_t f = 1;         // poolings; a convolution's is that of W
  bool average = false;  // poolings: the mode "average", else "max"
};
// None at all say that the call ended with an exception.
using CheckOutputs = std::vector<CheckArray>;

// Small inputs that tell all known mistakes from each other: several paddings, strides and windows, heights that are no
// widths, several images, channels and filters, no number twice.
std::vector<CheckCase> check_cases(CheckedFunction function);

// One product of a window, one gradient that was added, ...
struct CheckTerm {
  std::string text;  // "0.5 * -2"
  double value = 0;
};

// The first output, in row-major order, that is not right.
struct CheckDifference {
  size_t number = 0;   // of the case
  std::string output;  // "Z"
  std::vector<int64_t> index;
  double yours = 0;
  double right = 0;
  std::vector<CheckTerm> terms;     // whose sum `right` is; for a maximum or a mean those of the window
  std::array<int64_t, 4> window{};  // rows [0] to [1], columns [2] to [3] of the padded image; all 0: there is none
  std::string change;               // what would have to change for the two to agree
};

struct CheckFinding {
  enum class Kind {
    kRight,
    kShape,       // an output has another shape
    kNotFinite,   // an output has NaN or an infinity
    kValues,      // a known mistake, or two, give these very outputs
    kUnexplained  // none does
  };
  Kind kind = Kind::kRight;
  std::vector<std::string> mistakes{};  // rows of the tables: {"stride_unused"}, {"stride_unused", "bias_left_out"}
  std::string message{};                // one sentence, or one for each mistake
  std::string evidence{};               // one line
  std::string hint{};                   // what to look at
  std::string reveal{};                 // what to write
  std::optional<CheckDifference> first_difference{};  // of all kinds but kRight and kShape
};

// Judges outputs for one case or several. Where a call ended with an exception, a mistake is named if it must end with
// one just there; otherwise, with nothing wrong elsewhere, the finding is kUnexplained and has no words. Throws
// ShapeError or ParameterError, naming the argument, where the inputs of a case do not fit each other or are as many as
// the function has not.
CheckFinding check_outputs(CheckedFunction function, std::span<const CheckCase> cases,
                           std::span<const CheckOutputs> yours);

}  // namespace convstep
