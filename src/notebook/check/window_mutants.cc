// window_mutants.cc: what goes wrong with padding, with the size of an output, and with where windows lie.
#include "notebook/check/mutants.h"

namespace convstep::check {
namespace {

template <int kBefore, int kAfter>
void pad_all(Choices& c) {
  c.rows.before = c.columns.before = kBefore;
  c.rows.after = c.columns.after = kAfter;
}

template <SizeRule kRule>
void size_both(Choices& c) {
  c.rows.size = c.columns.size = kRule;
}

template <Step kStep>
void step_both(Choices& c) {
  c.rows.step = c.columns.step = kStep;
}

template <int kPixels>
void shift_both(Choices& c) {
  c.rows.shift = c.columns.shift = kPixels;
}

template <int kPixels>
void longer_both(Choices& c) {
  c.rows.longer = c.columns.longer = kPixels;
}

constexpr char kPadHint[] = "Which of the four axes (m, n_H, n_W, n_C) are padded, and by how much on each side?";
constexpr char kPadReveal[] = "np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode='constant', constant_values=0)";

constexpr Mutant kPad[] = {
    {"edge_for_zeros", "The border is filled with the pixels at the edge, not with zeros.",
     "Which values does np.pad put there, by its mode?", kPadReveal, [](Choices& c) { c.fill = Fill::kEdge; }},
    {"pad_left_out", "Nothing is padded, and the padding is left out of the output's size.",
     "Which array do the windows slide over, and where does pad come in?", kPadReveal,
     [](Choices& c) {
       pad_all<0, 0>(c);
       size_both<SizeRule::kPadLeftOut>(c);
     }},
    {"padding_unused", "The windows slide over the image without its padding, though the output's size counts it.",
     "Which array are the windows cut from?", "a_prev_pad = A_prev_pad[i], with A_prev_pad = zero_pad(A_prev, pad)",
     pad_all<0, 0>},
    {"reflect_for_zeros", "The border mirrors the image, in place of zeros.",
     "Which values does np.pad put there, by its mode?", kPadReveal, [](Choices& c) { c.fill = Fill::kReflect; }},
    {"symmetric_for_zeros", "The border mirrors the image with its edge, in place of zeros.",
     "Which values does np.pad put there, by its mode?", kPadReveal, [](Choices& c) { c.fill = Fill::kSymmetric; }},
    {"wrap_for_zeros", "The border holds the opposite side of the image, in place of zeros.",
     "Which values does np.pad put there, by its mode?", kPadReveal, [](Choices& c) { c.fill = Fill::kWrap; }},
    {"ones_for_zeros", "The border is filled with ones, not with zeros.", "What does constant_values say?", kPadReveal,
     [](Choices& c) { c.fill = Fill::kOnes; }},
    {"pad_for_zeros", "The border is filled with the number pad, not with zeros.", "What does constant_values say?",
     kPadReveal, [](Choices& c) { c.fill = Fill::kPad; }},
    {"pad_of_one", "The padding is always 1, whatever pad says.", "Where does the number pad come in?", kPadReveal,
     [](Choices& c) { c.fixed_pad = 1; }},
    {"pad_images", "The batch is padded, too: there are images of zeros before and after.", kPadHint, kPadReveal,
     [](Choices& c) { c.pad_images = true; }},
    {"pad_channels", "The channels are padded, too.", kPadHint, kPadReveal, [](Choices& c) { c.pad_channels = true; }},
    {"pad_every_axis", "All four axes are padded, the batch and the channels, too.", kPadHint, kPadReveal,
     [](Choices& c) { c.pad_images = c.pad_channels = true; }},
    {"pad_images_for_columns", "The batch and the rows are padded, not the rows and the columns.", kPadHint, kPadReveal,
     [](Choices& c) {
       c.pad_images = true;
       c.columns.before = c.columns.after = 0;
     }},
    {"pad_channels_for_rows", "The columns and the channels are padded, not the rows and the columns.", kPadHint,
     kPadReveal,
     [](Choices& c) {
       c.pad_channels = true;
       c.rows.before = c.rows.after = 0;
     }},
    {"pad_at_end", "All of the padding is at the bottom and on the right.",
     "What do the two numbers of a pair of np.pad mean?", kPadReveal, pad_all<0, 2>},
    {"pad_at_beginning", "On top and on the left lies twice the padding, so that the image is moved.",
     "What do the two numbers of a pair of np.pad mean?", kPadReveal, pad_all<2, 0>},
};

// Which change the padded array's shape, and are told by zero_pad alone: a window would not fit.
constexpr Mutant kPadShape[] = {
    {"pad_rows_alone", "Only rows are padded, on top and at the bottom.", kPadHint, kPadReveal,
     [](Choices& c) { c.columns.before = c.columns.after = 0; }},
    {"pad_columns_alone", "Only columns are padded, on the left and on the right.", kPadHint, kPadReveal,
     [](Choices& c) { c.rows.before = c.rows.after = 0; }},
    {"pad_nothing", "Nothing is padded.", kPadHint, kPadReveal, pad_all<0, 0>},
    {"pad_end_once", "The padding on top and on the left is missing.",
     "What do the two numbers of a pair of np.pad mean?", kPadReveal, pad_all<0, 1>},
    {"pad_beginning_once", "The padding at the bottom and on the right is missing.",
     "What do the two numbers of a pair of np.pad mean?", kPadReveal, pad_all<1, 0>},
    {"pad_top_missing", "The padding on top is missing.", kPadHint, kPadReveal, [](Choices& c) { c.rows.before = 0; }},
    {"pad_bottom_missing", "The padding at the bottom is missing.", kPadHint, kPadReveal,
     [](Choices& c) { c.rows.after = 0; }},
    {"pad_left_missing", "The padding on the left is missing.", kPadHint, kPadReveal,
     [](Choices& c) { c.columns.before = 0; }},
    {"pad_right_missing", "The padding on the right is missing.", kPadHint, kPadReveal,
     [](Choices& c) { c.columns.after = 0; }},
    {"pad_twice", "Twice as much is padded on each side.", "How large is each number of a pair of np.pad?", kPadReveal,
     pad_all<2, 2>},
    {"pad_one_more", "One row and column too many is padded on each side.",
     "How large is each number of a pair of np.pad?", kPadReveal, [](Choices& c) { c.pad_extra = 1; }},
    {"pad_one_less", "One row and column too few is padded on each side.",
     "How large is each number of a pair of np.pad?", kPadReveal, [](Choices& c) { c.pad_extra = -1; }},
};

constexpr char kSizeHint[] = "Put the numbers of one image into the formula by hand: what is n_H, what is n_W?";
constexpr char kSizeReveal[] =
    "n_H = int((n_H_prev - f + 2 * pad) / stride) + 1, n_W = int((n_W_prev - f + 2 * pad) / stride) + 1 (a pooling has "
    "no pad)";

constexpr Mutant kSize[] = {
    {"ceil_for_floor", "The output's size is rounded up, not down.", kSizeHint, kSizeReveal,
     size_both<SizeRule::kCeil>},
    {"round_for_floor", "The output's size is rounded to the nearest number, not down.", kSizeHint, kSizeReveal,
     size_both<SizeRule::kRound>},
    {"pad_once_in_size", "The output's size counts the padding once, though it is on both sides.", kSizeHint,
     kSizeReveal, size_both<SizeRule::kPadOnce>},
    {"pad_left_out_of_size", "The output's size leaves the padding out.", kSizeHint, kSizeReveal,
     size_both<SizeRule::kPadLeftOut>},
    {"no_plus_one", "The output's size lacks the + 1.", kSizeHint, kSizeReveal, size_both<SizeRule::kNoPlusOne>},
    {"plus_two", "The output's size is 1 too large.", kSizeHint, kSizeReveal, size_both<SizeRule::kPlusTwo>},
    {"stride_left_out_of_size", "The output's size does not divide by the stride.", kSizeHint, kSizeReveal,
     size_both<SizeRule::kNoStride>},
    {"stride_divides_pad_alone", "In the output's size the stride divides the padding alone: parentheses are missing.",
     kSizeHint, kSizeReveal, size_both<SizeRule::kStrideOnPadAlone>},
    {"window_left_out_of_size", "The output's size leaves the window out.", kSizeHint, kSizeReveal,
     size_both<SizeRule::kWindowLeftOut>},
    {"size_of_input", "The output has the height and width of the input.", kSizeHint, kSizeReveal,
     size_both<SizeRule::kInput>},
    {"width_from_height", "n_W is computed from the height.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.columns.size_of_other = true; }},
    {"height_from_width", "n_H is computed from the width.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.rows.size_of_other = true; }},
    {"height_and_width_exchanged", "Height and width are exchanged in the output's shape.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.rows.size_of_other = c.columns.size_of_other = true; }},
    {"no_plus_one_in_height", "n_H lacks the + 1.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.rows.size = SizeRule::kNoPlusOne; }},
    {"no_plus_one_in_width", "n_W lacks the + 1.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.columns.size = SizeRule::kNoPlusOne; }},
    {"ceil_in_height", "n_H is rounded up, not down.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.rows.size = SizeRule::kCeil; }},
    {"ceil_in_width", "n_W is rounded up, not down.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.columns.size = SizeRule::kCeil; }},
    {"stride_left_out_of_height", "n_H is not divided by the stride.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.rows.size = SizeRule::kNoStride; }},
    {"stride_left_out_of_width", "n_W is not divided by the stride.", kSizeHint, kSizeReveal,
     [](Choices& c) { c.columns.size = SizeRule::kNoStride; }},
    {"channels_first", "The result has its channels second: (m, n_C, n_H, n_W).",
     "In which order does np.zeros get the four sizes?", "(m, n_H, n_W, n_C)",
     [](Choices& c) { c.order = AxisOrder::kChannelsFirst; }},
    {"columns_first", "The result has its rows and columns exchanged: (m, n_W, n_H, n_C).",
     "In which order do the two indices of a pixel stand?", "(m, n_H, n_W, n_C)",
     [](Choices& c) { c.order = AxisOrder::kColumnsFirst; }},
    {"size_is_quotient", "The output's size is that of the input divided by the stride.", kSizeHint, kSizeReveal,
     size_both<SizeRule::kQuotient>},
};

constexpr char kStepHint[] =
    "Where does the window of output h begin, and where that of h + 1? Write both down for a stride of 2.";
constexpr char kStepReveal[] =
    "vert_start = h * stride, vert_end = vert_start + f, horiz_start = w * stride, horiz_end = horiz_start + f";

constexpr Mutant kWindow[] = {
    {"stride_unused", "The stride is not used: the window moves one pixel at a time.", kStepHint, kStepReveal,
     step_both<Step::kOne>},
    {"stride_on_rows_alone",
     "The stride is used for rows alone: across the columns the window moves one pixel at a time.", kStepHint,
     kStepReveal, [](Choices& c) { c.columns.step = Step::kOne; }},
    {"stride_on_columns_alone",
     "The stride is used for columns alone: down the rows the window moves one pixel at a time.", kStepHint,
     kStepReveal, [](Choices& c) { c.rows.step = Step::kOne; }},
    {"stride_ignored", "The stride is ignored, in the output's size and in the windows.", kStepHint, kStepReveal,
     [](Choices& c) {
       step_both<Step::kOne>(c);
       size_both<SizeRule::kNoStride>(c);
     }},
    {"stride_of_two", "The window moves by two pixels, whatever the stride says.", kStepHint, kStepReveal,
     step_both<Step::kTwo>},
    {"window_size_for_stride", "The window moves by its own size f, not by the stride.", kStepHint, kStepReveal,
     step_both<Step::kWindow>},
    {"window_size_is_stride", "The stride is taken to be f, in the output's size and in the windows.", kStepHint,
     kStepReveal,
     [](Choices& c) {
       step_both<Step::kWindow>(c);
       size_both<SizeRule::kWindowForStride>(c);
     }},
    {"pad_for_stride", "The window moves by pad, not by the stride.", kStepHint, kStepReveal, step_both<Step::kPad>},
    {"window_does_not_move", "Every output is computed from the first window.", kStepHint, kStepReveal,
     step_both<Step::kNone>},
    {"rows_do_not_move", "All rows of the output are computed from the first rows of the input.", kStepHint,
     kStepReveal, [](Choices& c) { c.rows.step = Step::kNone; }},
    {"columns_do_not_move", "All columns of the output are computed from the first columns of the input.", kStepHint,
     kStepReveal, [](Choices& c) { c.columns.step = Step::kNone; }},
    {"last_position_for_all", "Every position of the output has what the last window gives.",
     "Does the index on the left hold h and w?", "Z[i, h, w, c] = ..., with all four indices",
     [](Choices& c) { c.positions_shared = true; }},
    {"columns_by_row_index", "The columns of the window depend on h, not on w.",
     "Which index counts the columns of the output?", kStepReveal, [](Choices& c) { c.columns.index_of_other = true; }},
    {"rows_by_column_index", "The rows of the window depend on w, not on h.",
     "Which index counts the rows of the output?", kStepReveal, [](Choices& c) { c.rows.index_of_other = true; }},
    {"window_one_too_far", "The window lies one row and one column too far.", kStepHint, kStepReveal, shift_both<1>},
    {"row_one_too_far", "The window lies one row too far down.", kStepHint, kStepReveal,
     [](Choices& c) { c.rows.shift = 1; }},
    {"column_one_too_far", "The window lies one column too far to the right.", kStepHint, kStepReveal,
     [](Choices& c) { c.columns.shift = 1; }},
    {"window_one_short", "The window lacks its last row and column.",
     "How many rows has a[0:2]? How many are there from "
     "vert_start to vert_end?",
     kStepReveal, longer_both<-1>},
    {"window_one_row_short", "The window lacks its last row.", "How many rows are there from vert_start to vert_end?",
     kStepReveal, [](Choices& c) { c.rows.longer = -1; }},
    {"window_one_column_short", "The window lacks its last column.",
     "How many columns are there from horiz_start to horiz_end?", kStepReveal,
     [](Choices& c) { c.columns.longer = -1; }},
};

}  // namespace

std::span<const Mutant> pad_mutants() { return kPad; }
std::span<const Mutant> pad_shape_mutants() { return kPadShape; }
std::span<const Mutant> size_mutants() { return kSize; }
std::span<const Mutant> window_mutants() { return kWindow; }

}  // namespace convstep::check
