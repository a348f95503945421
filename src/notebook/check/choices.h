// choices.h: a version of the notebook's functions in which whatever learners get wrong is a choice. With the choices
// as they stand here the functions are right.
#pragma once

#include <cstdint>

namespace convstep::check {

enum class Fill { kZeros, kOnes, kPad, kEdge, kReflect, kSymmetric, kWrap };

// How large the output is, from a length L, a window f, padding p and stride s.
enum class SizeRule {
  kFloor,       // floor((L - f + 2p) / s) + 1
  kCeil,        // ceil for floor
  kRound,       // round for floor
  kPadOnce,     // p for 2p
  kPadLeftOut,  // no p
  kNoPlusOne,
  kNoStride,
  kStrideOnPadAlone,  // L - f + 2p / s + 1
  kWindowLeftOut,     // no f
  kInput,             // L
  kPlusTwo,           // + 2 for + 1
  kWindowForStride,   // f for s
  kQuotient           // L / s
};

// By how many pixels the window moves.
enum class Step { kStride, kOne, kTwo, kWindow, kPad, kNone };

// Which of several: the one that is meant, or another.
enum class Which { kOwn, kFirst, kLast, kReversed };

struct AxisChoices {
  int before = 1, after = 1;  // how many times the padding lies at the beginning and at the end
  SizeRule size = SizeRule::kFloor;
  bool size_of_other = false;  // the output's length comes from the input's other axis
  Step step = Step::kStride;
  int shift = 0;                   // of each window, in pixels
  int longer = 0;                  // the window has so many pixels more than f
  bool as_long_as_stride = false;  // the window
  bool reversed = false;           // the filter is turned over
  bool index_of_other = false;     // a window's place comes from the output's other index

  friend bool operator==(const AxisChoices&, const AxisChoices&) = default;
};

enum class Bias {
  kAdded,
  kLeftOut,
  kInsideSum,
  kSubtracted,
  kTwice,
  kFactor,
  kPerRow,
  kPerChannel,
  kOfAllFilters,
  kForEachImageLeft
};
enum class Product { kTimes, kPlus, kMinus, kInput, kFilter, kSquare };
enum class Reduce { kSum, kMean, kMax, kLast, kAbsolute, kMeanOfWindow, kProduct };
enum class Channels { kAll, kFirst, kLast, kOfFilter, kFilterFirst, kInputFirst };

// How a filter that was made a column is read: as it lies, channels first, or filters first.
enum class FilterOrder { kOwn, kChannelsFirst, kFiltersFirst };

struct SumChoices {
  Product product = Product::kTimes;
  Reduce reduce = Reduce::kSum;
  Bias bias = Bias::kAdded;
  Which bias_of = Which::kOwn;
  Which filter = Which::kOwn;
  Channels channels = Channels::kAll;
  bool channels_reversed = false;  // of the filter
  bool transposed = false;         // the filter, rows for columns
  FilterOrder order = FilterOrder::kOwn;
  bool filters_add_up = false;                          // the sum is not begun anew for the next filter
  bool filter_of_image = false, bias_of_image = false;  // number i, not number c

  friend bool operator==(const SumChoices&, const SumChoices&) = default;
};

// Which outputs are computed; the others stay 0.
enum class Computed {
  kAll,
  kFirstImage,
  kLastImage,
  kFirstRow,
  kFirstPosition,
  kFirstOutput,
  kNotLastRow,
  kNotLastColumn,
  kNotLastChannel,
  kNotLastImage,
  kFirstChannel,
  kLastChannel,
  kNotFirstRow,
  kNotFirstColumn,
  kInputChannels,  // as many channels as the input has
  kLastRow,
  kLastColumn,
  kLastPosition
};

enum class After { kNothing, kRelu, kTruncate, kNegate, kRound, kDivideByImages, kSigmoid, kDouble, kPlusOne };

enum class Pooled {
  kMax,
  kMean,
  kMin,
  kSum,
  kMaxFromZero,
  kMaxOfAbsolutes,
  kMeanOverF,
  kMedian,
  kFirst,
  kLast,
  kZero,
  kMeanOfFour,
  kMaxShare,
  kMeanOverOutputs,
  kPositive
};

struct PoolChoices {
  Pooled max = Pooled::kMax;
  Pooled average = Pooled::kMean;
  Channels channels = Channels::kOfFilter;  // kOfFilter: the output's own
  bool all_images = false;                  // a window takes in all images

  friend bool operator==(const PoolChoices&, const PoolChoices&) = default;
};

// What a gradient is added to, and from what.
enum class Given { kOwn, kByStart, kFirstChannel, kFirstImage, kMean, kOne };
enum class Factor { kRight, kOther, kNone };
enum class Crop { kRight, kLastImage, kFromStart, kFromEnd, kNone, kEmptyWithoutPad };

struct GradientChoices {
  bool assign_input = false, assign_weights = false, assign_bias = false;  // = for +=, in conv_backward
  bool assign_max = false, assign_average = false;                         // in pool_backward, by mode
  bool input_forgotten = false, weights_forgotten = false, bias_forgotten = false;
  Factor input_factor = Factor::kRight;    // kOther: the window; kNone: 1
  Factor weights_factor = Factor::kRight;  // kOther: the filter; kNone: 1
  Factor bias_factor = Factor::kRight;     // kOther: the sum over the window; kNone: 1 for each
  Given given = Given::kOwn;
  Crop crop = Crop::kRight;
  bool filter_turned = false, weights_turned = false;      // by 180 degrees: the filter for dA_prev, dW
  bool bias_of_all = false;                                // db of each filter sums the gradients of all
  bool swapped = false;                                    // dW, dA_prev, db
  bool bias_flat = false;                                  // db of shape (n_C,)
  bool input_mean = false;                                 // dA_prev divided by the number of images
  bool weights_mean = false, bias_mean_of_images = false;  // divided by the number of images
  bool bias_mean = false;                                  // db divided by the number of positions
  Pooled max = Pooled::kMax;                               // whom a maximum's gradient goes to; kSum: to all
  Pooled average = Pooled::kMean;                          // kSum: the whole of it to each; kMeanOverF: divided by f
  Which mask_of = Which::kOwn;                             // the image whose maxima count
  bool mask_times_window = false;                          // the window's numbers take part
  bool mask_alone = false;                                 // without the gradient

  friend bool operator==(const GradientChoices&, const GradientChoices&) = default;
};

enum class Mask {
  kMax,
  kMin,
  kMaxOfAbsolutes,
  kNotMax,
  kValues,
  kAboveMean,
  kByRow,
  kByColumn,
  kPositive,
  kAll,
  kNone,
  kTransposed,
  kFlat,
  kMaxFromZero,
  kValueAtMax
};

// What distribute_value divides by, or makes of dz.
enum class Share {
  kArea,
  kWhole,
  kFour,
  kHeight,
  kWidth,
  kPerimeter,
  kHeightSquared,
  kOne,
  kShareOfOne,
  kTimesArea,
  kFloor,
  kZero,
  kInverse
};

// (m, n_H, n_W, n_C), (m, n_C, n_H, n_W), (m, n_W, n_H, n_C).
enum class AxisOrder { kOwn, kChannelsFirst, kColumnsFirst };

struct Choices {
  Fill fill = Fill::kZeros;
  bool pad_images = false, pad_channels = false;  // the batch or the channels are padded, too
  int fixed_pad = -1;                             // how much is padded, where it is not pad
  int pad_extra = 0;                              // so many more rows and columns on each side
  AxisChoices rows, columns;
  SumChoices sum;
  Which image = Which::kOwn;
  Computed computed = Computed::kAll;
  After after = After::kNothing;
  bool positions_shared = false;      // every position gets what the last one has
  AxisOrder order = AxisOrder::kOwn;  // of the result
  PoolChoices pool;
  GradientChoices gradient;
  Mask mask = Mask::kMax;
  Share share = Share::kArea;
  bool shape_transposed = false, shape_flat = false;  // of distribute_value
  bool one_number = false;                            // in place of its array
  bool kept_axes = false;                             // of a number: (1, 1, 1)

  friend bool operator==(const Choices&, const Choices&) = default;
};

}  // namespace convstep::check
