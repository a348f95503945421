// pool_mutants.cc: what goes wrong in pooling, in masks and in shares.
#include "notebook/check/mutants.h"

namespace convstep::check {
namespace {

template <Pooled kMax>
void in_max(Choices& c) {
  c.pool.max = kMax;
}

template <Pooled kAverage>
void in_average(Choices& c) {
  c.pool.average = kAverage;
}

template <Mask kMask>
void mask(Choices& c) {
  c.mask = kMask;
}

template <Share kShare>
void share(Choices& c) {
  c.share = kShare;
}

constexpr char kModeHint[] = "Which branch runs in which mode? Is it the mode that you compare?";
constexpr char kModeReveal[] =
    "if mode == \"max\": A[i, h, w, c] = np.max(a_prev_slice), elif mode == \"average\": A[i, h, w, c] = "
    "np.mean(a_prev_slice)";
constexpr char kSliceReveal[] = "a_prev_slice = A_prev[i, vert_start:vert_end, horiz_start:horiz_end, c]";

constexpr Mutant kPool[] = {
    {"max_for_average", "The mode \"average\" gives the maximum.", kModeHint, kModeReveal, in_average<Pooled::kMax>},
    {"average_for_max", "The mode \"max\" gives the average.", kModeHint, kModeReveal, in_max<Pooled::kMean>},
    {"modes_exchanged", "The two modes are exchanged.", kModeHint, kModeReveal,
     [](Choices& c) {
       c.pool.max = Pooled::kMean;
       c.pool.average = Pooled::kMax;
     }},
    {"min_for_max", "The mode \"max\" gives the smallest number of the window.",
     "Which function finds the largest number?", kModeReveal, in_max<Pooled::kMin>},
    {"sum_for_average", "The mode \"average\" gives the sum of the window.",
     "What is a sum divided by to be an average?", kModeReveal, in_average<Pooled::kSum>},
    {"average_divided_by_f", "The mode \"average\" divides by f, not by the elements of the window.",
     "How many elements has a window of f rows and f columns?", kModeReveal, in_average<Pooled::kMeanOverF>},
    {"average_divided_by_four", "The mode \"average\" divides by 4, whatever f is.",
     "How many elements has a window of f rows and f columns?", kModeReveal, in_average<Pooled::kMeanOfFour>},
    {"window_of_one_pixel", "The window has one pixel.", "How many rows are there from vert_start to vert_end?",
     "vert_end = vert_start + f, horiz_end = horiz_start + f",
     [](Choices& c) { c.pool.max = c.pool.average = Pooled::kFirst; }},
    {"window_one_too_large", "The window has one row and column too many.",
     "How many rows has a[0:2]? How many are there from vert_start to vert_end?",
     "vert_end = vert_start + f, horiz_end = horiz_start + f",
     [](Choices& c) { c.rows.longer = c.columns.longer = 1; }},
    {"max_from_zero", "The mode \"max\" never gives less than 0: the search begins at 0.",
     "What is the largest of -3, -1 and -2, and what would your loop say?",
     "Begin with the first element, or with -np.inf", in_max<Pooled::kMaxFromZero>},
    {"max_of_absolutes", "The mode \"max\" gives the largest absolute value.", "What is the largest of -3 and 1?",
     kModeReveal, in_max<Pooled::kMaxOfAbsolutes>},
    {"sum_for_max", "The mode \"max\" gives the sum of the window.", "Which function finds the largest number?",
     kModeReveal, in_max<Pooled::kSum>},
    {"median_for_average", "The mode \"average\" gives the median.", "Is the number in the middle the average?",
     kModeReveal, in_average<Pooled::kMedian>},
    {"max_is_first", "The mode \"max\" gives the first number of the window.",
     "Which function finds the largest number?", kModeReveal, in_max<Pooled::kFirst>},
    {"max_is_last", "The mode \"max\" gives the last number of the window.", "What happens to the largest so far?",
     kModeReveal, in_max<Pooled::kLast>},
    {"average_not_computed", "The mode \"average\" leaves zeros.",
     "Is the mode spelled as the caller spells it? What happens to a mode that no branch knows?", kModeReveal,
     in_average<Pooled::kZero>},
    {"max_not_computed", "The mode \"max\" leaves zeros.",
     "Is the mode spelled as the caller spells it? What happens to a mode that no branch knows?", kModeReveal,
     in_max<Pooled::kZero>},
    {"window_as_large_as_stride", "The window is as large as the stride, not as f.",
     "Where does the window end that begins at vert_start?", "vert_end = vert_start + f, horiz_end = horiz_start + f",
     [](Choices& c) { c.rows.as_long_as_stride = c.columns.as_long_as_stride = true; }},
    {"all_channels_together", "Windows take in all channels at once.",
     "Does pooling mix channels? How many axes has your slice?", kSliceReveal,
     [](Choices& c) { c.pool.channels = Channels::kAll; }},
    {"all_images_together", "Windows take in all images at once.", "Which image does the loop over i look at?",
     kSliceReveal, [](Choices& c) { c.pool.all_images = true; }},
    {"first_channel_for_all", "Every channel is computed from channel 0.", "Which channel does the window come from?",
     kSliceReveal, [](Choices& c) { c.pool.channels = Channels::kFirst; }},
    {"last_channel_for_all", "Every channel is computed from the last one.", "Does the index on the left hold c?",
     "A[i, h, w, c] = ..., with all four indices", [](Choices& c) { c.pool.channels = Channels::kLast; }},
};

constexpr char kMaskReveal[] = "mask = (x == np.max(x))";

constexpr Mutant kMask[] = {
    {"mask_of_min", "The mask marks the smallest element.", "Which element decided the maximum?", kMaskReveal,
     mask<Mask::kMin>},
    {"mask_of_max_absolute", "The mask marks the element of the largest absolute value.",
     "What is the largest of -3 and 1?", kMaskReveal, mask<Mask::kMaxOfAbsolutes>},
    {"mask_inverted", "The mask marks all elements but the largest.", "Where is your comparison True?", kMaskReveal,
     mask<Mask::kNotMax>},
    {"mask_is_number", "The result is a single number, not a mask.", "Which shape has the result, by the docstring?",
     kMaskReveal, mask<Mask::kValues>},
    {"mask_above_mean", "The mask marks all elements that are no less than the mean.",
     "How many elements of a window are its maximum?", kMaskReveal, mask<Mask::kAboveMean>},
    {"mask_by_row", "The mask marks the largest element of each row.",
     "Of how many numbers is np.max the largest, with an axis?", kMaskReveal, mask<Mask::kByRow>},
    {"mask_by_column", "The mask marks the largest element of each column.",
     "Of how many numbers is np.max the largest, with an axis?", kMaskReveal, mask<Mask::kByColumn>},
    {"mask_of_positive", "The mask marks all positive elements.", "How many elements of a window are its maximum?",
     kMaskReveal, mask<Mask::kPositive>},
    {"mask_from_zero", "The mask is empty where all numbers are negative: the search begins at 0.",
     "What is the largest of -3, -1 and -2, and what would your loop say?", kMaskReveal, mask<Mask::kMaxFromZero>},
    {"mask_everywhere", "The mask marks every element.", "How many elements of a window are its maximum?", kMaskReveal,
     mask<Mask::kAll>},
    {"mask_nowhere", "The mask marks no element.", "Which line sets an element of the mask?", kMaskReveal,
     mask<Mask::kNone>},
    {"mask_holds_values", "The mask holds the maximum itself, where True belongs.", "What does a comparison give?",
     kMaskReveal, mask<Mask::kValueAtMax>},
    {"mask_transposed", "Rows and columns of the mask are exchanged.", "Which shape has x, and which the mask?",
     kMaskReveal, mask<Mask::kTransposed>},
    {"mask_flat", "The mask has one axis, where x has two.", "Which shape has x, and which the mask?", kMaskReveal,
     mask<Mask::kFlat>},
};

constexpr char kShareHint[] = "What should all elements of the result sum to?";
constexpr char kShareReveal[] = "np.ones(shape) * dz / (n_H * n_W)";

constexpr Mutant kShare[] = {
    {"share_is_whole", "Every element gets all of dz, not its share.", kShareHint, kShareReveal, share<Share::kWhole>},
    {"share_by_height", "dz is divided by the height alone.", kShareHint, kShareReveal, share<Share::kHeight>},
    {"share_by_width", "dz is divided by the width alone.", kShareHint, kShareReveal, share<Share::kWidth>},
    {"share_by_four", "dz is divided by 4, whatever the shape is.", kShareHint, kShareReveal, share<Share::kFour>},
    {"share_by_sum", "dz is divided by the sum of height and width, not by their product.", kShareHint, kShareReveal,
     share<Share::kPerimeter>},
    {"share_by_height_squared", "dz is divided by the square of the height.", kShareHint, kShareReveal,
     share<Share::kHeightSquared>},
    {"share_of_one", "dz is not used: the shares sum to 1.", kShareHint, kShareReveal, share<Share::kShareOfOne>},
    {"share_is_one", "Every element is 1: dz is not used.", kShareHint, kShareReveal, share<Share::kOne>},
    {"share_multiplied", "dz is multiplied with the number of elements, not divided by it.", kShareHint, kShareReveal,
     share<Share::kTimesArea>},
    {"share_floored", "The division is rounded down: // stands where / is meant.", kShareHint, kShareReveal,
     share<Share::kFloor>},
    {"share_zero", "Every element is 0.", kShareHint, kShareReveal, share<Share::kZero>},
    {"share_inverted", "The number of elements is divided by dz, not dz by it.", kShareHint, kShareReveal,
     share<Share::kInverse>},
    {"share_transposed", "Height and width of the result are exchanged.", "Which of shape's numbers is the height?",
     kShareReveal, [](Choices& c) { c.shape_transposed = true; }},
    {"share_flat", "The result has one axis, where two are expected.", "Which shape has the result?", kShareReveal,
     [](Choices& c) { c.shape_flat = true; }},
    {"share_is_number", "The result is one number, where an array is expected.", "Which shape has the result?",
     kShareReveal, [](Choices& c) { c.one_number = true; }},
};

}  // namespace

std::span<const Mutant> pool_mutants() { return kPool; }
std::span<const Mutant> mask_mutants() { return kMask; }
std::span<const Mutant> share_mutants() { return kShare; }

}  // namespace convstep::check
