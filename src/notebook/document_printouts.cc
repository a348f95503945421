#include "notebook/document_printouts.h"

#include <fmt/format.h>

#include <algorithm>

namespace convstep::cli {
namespace {

constexpr const char* kInputPart = R"([[ 0.90085595 -0.68372786]
 [-0.12289023 -0.93576943]
 [-0.26788808  0.53035547]])";
constexpr const char* kPaddedPart = R"([[0. 0.]
 [0. 0.]
 [0. 0.]
 [0. 0.]
 [0. 0.]
 [0. 0.]
 [0. 0.]])";
constexpr const char* kConvChannels = R"([-1.28912231  2.27650251  6.61941931  0.95527176  8.25132576  2.31329639
 13.00689405  2.34576051])";
constexpr const char* kCachePart = R"([-1.1191154   1.9560789  -0.3264995  -1.34267579])";
constexpr const char* kMaxStride1 = R"([[[[1.74481176 0.90159072 1.65980218]
   [1.74481176 1.46210794 1.65980218]
   [1.74481176 1.6924546  1.65980218]]

  [[1.14472371 0.90159072 2.10025514]
   [1.14472371 0.90159072 1.65980218]
   [1.14472371 1.6924546  1.65980218]]

  [[1.13162939 1.51981682 2.18557541]
   [1.13162939 1.51981682 2.18557541]
   [1.13162939 1.6924546  2.18557541]]]


 [[[1.19891788 0.84616065 0.82797464]
   [0.69803203 0.84616065 1.2245077 ]
   [0.69803203 1.12141771 1.2245077 ]]

  [[1.96710175 0.84616065 1.27375593]
   [1.96710175 0.84616065 1.23616403]
   [1.62765075 1.12141771 1.2245077 ]]

  [[1.96710175 0.86888616 1.27375593]
   [1.96710175 0.86888616 1.23616403]
   [1.62765075 1.12141771 0.79280687]]]])";
constexpr const char* kMaxStride1Cut = R"([[[[ 1.74481176  0.90159072  1.65980218]
   [ 1.74481176  1.46210794  1.65980218]
   [ 1.74481176  1.6924546   1.65980218]]

  [[ 1.14472371  0.90159072  2.10025514]
   [ 1.14472371  0.90159072  1.65980218])";
constexpr const char* kAverageStride1 = R"([[[[-3.01046719e-02 -3.24021315e-03 -3.36298859e-01]
   [ 1.43310483e-01  1.93146751e-01 -4.44905196e-01]
   [ 1.28934436e-01  2.22428468e-01  1.25067597e-01]]

  [[-3.81801899e-01  1.59993515e-02  1.70562706e-01]
   [ 4.73707165e-02  2.59244658e-02  9.20338402e-02]
   [ 3.97048605e-02  1.57189094e-01  3.45302489e-01]]

  [[-3.82680519e-01  2.32579951e-01  6.25997903e-01]
   [-2.47157416e-01 -3.48524998e-04  3.50539717e-01]
   [-9.52551510e-02  2.68511000e-01  4.66056368e-01]]]


 [[[-1.73134159e-01  3.23771981e-01 -3.43175716e-01]
   [ 3.80634669e-02  7.26706274e-02 -2.30268958e-01]
   [ 2.03009393e-02  1.41414785e-01 -1.23158476e-02]]

  [[ 4.44976963e-01 -2.61694592e-03 -3.10403073e-01]
   [ 5.08114737e-01 -2.34937338e-01 -2.39611830e-01]
   [ 1.18726772e-01  1.72552294e-01 -2.21121966e-01]]

  [[ 4.29449255e-01  8.44699612e-02 -2.72909051e-01]
   [ 6.76351685e-01 -1.20138225e-01 -2.44076712e-01]
   [ 1.50774518e-01  2.89111751e-01  1.23238536e-03]]]])";
constexpr const char* kMaxStride2 = R"([[[[ 1.74481176  0.90159072  1.65980218]
   [ 1.74481176  1.6924546   1.65980218]]

  [[ 1.13162939  1.51981682  2.18557541]
   [ 1.13162939  1.6924546   2.18557541]]]


 [[[ 1.19891788  0.84616065  0.82797464]
   [ 0.69803203  1.12141771  1.2245077 ]]

  [[ 1.96710175  0.86888616  1.27375593]
   [ 1.62765075  1.12141771  0.79280687]]]])";
constexpr const char* kAverageStride2 = R"([[[[-0.03010467 -0.00324021 -0.33629886]
   [ 0.12893444  0.22242847  0.1250676 ]]

  [[-0.38268052  0.23257995  0.6259979 ]
   [-0.09525515  0.268511    0.46605637]]]


 [[[-0.17313416  0.32377198 -0.34317572]
   [ 0.02030094  0.14141479 -0.01231585]]

  [[ 0.42944926  0.08446996 -0.27290905]
   [ 0.15077452  0.28911175  0.00123239]]]])";

constexpr DocumentPrintout kPrintouts[] = {
    {"zero_pad", "x.shape", PrintoutKind::kCell, "(4, 3, 3, 2)"},
    {"zero_pad", "x_pad.shape", PrintoutKind::kCell, "(4, 7, 7, 2)"},
    {"zero_pad", "x[1,1]", PrintoutKind::kCell, kInputPart},
    {"zero_pad", "x_pad[1,1]", PrintoutKind::kCell, kPaddedPart},
    {"zero_pad", "x.shape", PrintoutKind::kExpected, "(4, 3, 3, 2)"},
    {"zero_pad", "x_pad.shape", PrintoutKind::kExpected, "(4, 7, 7, 2)"},
    {"zero_pad", "x[1,1]", PrintoutKind::kExpected, kInputPart},
    {"zero_pad", "x_pad[1,1]", PrintoutKind::kExpected, kPaddedPart},
    {"conv_single_step", "Z", PrintoutKind::kCell, "-6.999089450680221"},
    {"conv_single_step", "Z", PrintoutKind::kExpected, "-6.99908945068"},
    {"conv_forward", "Z's mean", PrintoutKind::kCell, "0.6923608807576933"},
    {"conv_forward", "Z[3,2,1]", PrintoutKind::kCell, kConvChannels},
    {"conv_forward", "cache_conv[0][1][2][3]", PrintoutKind::kCell, kCachePart},
    {"conv_forward", "Z's mean", PrintoutKind::kExpected, "0.692360880758"},
    {"conv_forward", "Z[3,2,1]", PrintoutKind::kExpected, kConvChannels},
    {"conv_forward", "cache_conv[0][1][2][3]", PrintoutKind::kExpected, kCachePart},
    {"pool_stride_1", "max A.shape", PrintoutKind::kCell, "(2, 3, 3, 3)"},
    {"pool_stride_1", "max A", PrintoutKind::kCell, kMaxStride1},
    {"pool_stride_1", "average A.shape", PrintoutKind::kCell, "(2, 3, 3, 3)"},
    {"pool_stride_1", "average A", PrintoutKind::kCell, kAverageStride1},
    {"pool_stride_1", "max A.shape", PrintoutKind::kExpectedCut, "(2, 3, 3, 3)"},
    {"pool_stride_1", "max A", PrintoutKind::kExpectedCut, kMaxStride1Cut},
    {"pool_stride_2", "max A.shape", PrintoutKind::kCell, "(2, 2, 2, 3)"},
    {"pool_stride_2", "max A", PrintoutKind::kCell, kMaxStride2},
    {"pool_stride_2", "average A.shape", PrintoutKind::kCell, "(2, 2, 2, 3)"},
    {"pool_stride_2", "average A", PrintoutKind::kCell, kAverageStride2},
    {"pool_stride_2", "max A.shape", PrintoutKind::kExpected, "(2, 2, 2, 3)"},
    {"pool_stride_2", "max A", PrintoutKind::kExpected, kMaxStride2},
    {"pool_stride_2", "average A.shape", PrintoutKind::kExpected, "(2, 2, 2, 3)"},
    {"pool_stride_2", "average A", PrintoutKind::kExpected, kAverageStride2},
};

// The next figure or word of `text`, which is cut off its front; empty at the end.
std::string_view take_figure(std::string_view& text) {
  constexpr std::string_view kBetweenFigures = " \n[](),";
  text.remove_prefix(std::min(text.find_first_not_of(kBetweenFigures), text.size()));
  const std::string_view figure = text.substr(0, text.find_first_of(kBetweenFigures));
  text.remove_prefix(figure.size());
  return figure;
}

}  // namespace

std::span<const DocumentPrintout> document_printouts() { return kPrintouts; }

std::string older_number_text(double number) { return fmt::format("{:.12g}", number); }

Comparison compare_printouts(std::string_view expected, std::string_view got, bool cut) {
  Comparison comparison;
  while (true) {
    const std::string_view expected_figure = take_figure(expected), got_figure = take_figure(got);
    if (expected_figure.empty() && (cut || got_figure.empty())) return comparison;
    if (expected_figure != got_figure) {
      comparison.differences.push_back({comparison.compared, std::string(expected_figure), std::string(got_figure)});
    }
    ++comparison.compared;
  }
}

}  // namespace convstep::cli
