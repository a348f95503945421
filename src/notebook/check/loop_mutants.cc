// loop_mutants.cc: what goes wrong in the loops around the windows, and with what they leave.
#include "notebook/check/mutants.h"

namespace convstep::check {
namespace {

template <Computed kComputed>
void compute(Choices& c) {
  c.computed = kComputed;
}

template <After kAfter>
void finish(Choices& c) {
  c.after = kAfter;
}

constexpr char kLoopHint[] =
    "Which outputs are still 0? Look at the range of that loop, and at how far return is indented.";
constexpr char kLoopReveal[] =
    "for i in range(m): for h in range(n_H): for w in range(n_W): for c in range(n_C): ..., and return after all loops";

constexpr Mutant kLoop[] = {
    {"first_image_alone", "Only the first image is computed; the others are still 0.", kLoopHint, kLoopReveal,
     compute<Computed::kFirstImage>},
    {"first_image_for_all", "The windows of all images come from the first one.",
     "Which image does the loop over i look at?", "a_prev_pad = A_prev_pad[i]",
     [](Choices& c) { c.image = Which::kFirst; }},
    {"last_image_alone", "Only the last image is computed; the others are still 0.",
     "Is the output made anew for every image?", "Make the output before the loop over i",
     compute<Computed::kLastImage>},
    {"last_image_for_all", "The windows of all images come from the last one.",
     "Which image does the loop over i look at? Does the index on the left hold i?",
     "Z[i, h, w, c] = ..., with all four indices", [](Choices& c) { c.image = Which::kLast; }},
    {"first_row_alone", "Only the first row of the first image is computed: the function returns too early.", kLoopHint,
     kLoopReveal, compute<Computed::kFirstRow>},
    {"first_position_alone", "Only the first position of the first image is computed: the function returns too early.",
     kLoopHint, kLoopReveal, compute<Computed::kFirstPosition>},
    {"first_output_alone", "Only one number is computed: the function returns in its innermost loop.", kLoopHint,
     kLoopReveal, compute<Computed::kFirstOutput>},
    {"last_row_left_out", "The last row of each output is not computed.", kLoopHint, "for h in range(n_H)",
     compute<Computed::kNotLastRow>},
    {"last_column_left_out", "The last column of each output is not computed.", kLoopHint, "for w in range(n_W)",
     compute<Computed::kNotLastColumn>},
    {"last_output_channel_left_out", "The last channel of the output is not computed.", kLoopHint,
     "for c in range(n_C)", compute<Computed::kNotLastChannel>},
    {"last_image_left_out", "The last image is not computed.", kLoopHint, "for i in range(m)",
     compute<Computed::kNotLastImage>},
    {"first_output_channel_alone", "Only channel 0 of the output is computed.", kLoopHint, "for c in range(n_C)",
     compute<Computed::kFirstChannel>},
    {"last_output_channel_alone", "Only the last channel of the output is computed.",
     "Is the output made anew for every channel? Does the line lie inside the loop over c?",
     "Make the output before the loops, and keep the line inside the loop over c", compute<Computed::kLastChannel>},
    {"loop_over_input_channels", "The loop over the output's channels runs over as many as the input has.",
     "What counts the filters, and so the channels of the output?", "for c in range(n_C), with n_C = W.shape[3]",
     compute<Computed::kInputChannels>},
    {"last_row_alone", "Only the last row of each output is computed.",
     "Which lines belong into the loop over h? Look at how far they are indented.", kLoopReveal,
     compute<Computed::kLastRow>},
    {"last_column_alone", "Only the last column of each output is computed.",
     "Which lines belong into the loop over w? Look at how far they are indented.", kLoopReveal,
     compute<Computed::kLastColumn>},
    {"last_position_alone", "Only the last position of each output is computed.",
     "Which lines belong into the loops over h and w? Look at how far they are indented.", kLoopReveal,
     compute<Computed::kLastPosition>},
    {"images_reversed", "The images are taken in reverse order.", "Which image does the loop over i look at?",
     "a_prev_pad = A_prev_pad[i]", [](Choices& c) { c.image = Which::kReversed; }},
    {"first_row_left_out", "The first row of each output is not computed.", kLoopHint, "for h in range(n_H)",
     compute<Computed::kNotFirstRow>},
    {"first_column_left_out", "The first column of each output is not computed.", kLoopHint, "for w in range(n_W)",
     compute<Computed::kNotFirstColumn>},
};

constexpr Mutant kResult[] = {
    {"truncated", "The result is cut to whole numbers.", "Which dtype has the array that you fill?",
     "np.zeros((...)) is float64; leave out dtype=int and int()", finish<After::kTruncate>},
    {"relu_applied", "An activation is applied: negative results have become 0.",
     "What does this function do, and what is left to the activation?",
     "Return the sums as they are, without np.maximum(0, ...)", finish<After::kRelu>},
    {"negated", "The result has the wrong sign.", "Which terms are subtracted?", "Leave the minus out",
     finish<After::kNegate>},
    {"rounded", "The result is rounded to whole numbers.", "What may the digits behind the point be?",
     "Leave out np.round", finish<After::kRound>},
    {"sigmoid_applied", "An activation is applied: all results lie between 0 and 1.",
     "What does this function do, and what is left to the activation?", "Return the sums as they are",
     finish<After::kSigmoid>},
    {"doubled", "The result is twice as large as it should be.", "Is something added twice?", "Add each term once",
     finish<After::kDouble>},
    {"one_too_large", "Every number is 1 too large: the sums begin at 1.", "What was the array filled with before?",
     "Begin with np.zeros, not np.ones", finish<After::kPlusOne>},
    {"divided_by_images", "The result is divided by the number of images.", "Is a mean over the batch asked for here?",
     "Leave out the division by m", finish<After::kDivideByImages>},
};

}  // namespace

std::span<const Mutant> loop_mutants() { return kLoop; }
std::span<const Mutant> result_mutants() { return kResult; }

}  // namespace convstep::check
