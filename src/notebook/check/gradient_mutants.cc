// gradient_mutants.cc: what goes wrong on the way back.
#include "notebook/check/mutants.h"

namespace convstep::check {
namespace {

constexpr char kAddHint[] =
    "Several outputs were computed from this number. What happens to the first one's part when the second one's comes?";
constexpr char kCropHint[] =
    "Which part of the padded gradient belongs to the image, and for which images is it copied?";
constexpr char kCropReveal[] =
    "Inside the loop over i: dA_prev[i] = da_prev_pad[pad:pad + n_H_prev, pad:pad + n_W_prev, :], which is right for a "
    "pad of 0, too";

constexpr Mutant kConvGradient[] = {
    {"input_gradient_assigned", "dA_prev is assigned, not added to: = stands where += is meant.", kAddHint,
     "da_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :] += W[:, :, :, c] * dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.assign_input = true; }},
    {"weights_gradient_assigned", "dW is assigned, not added to: = stands where += is meant.", kAddHint,
     "dW[:, :, :, c] += a_slice * dZ[i, h, w, c]", [](Choices& c) { c.gradient.assign_weights = true; }},
    {"bias_gradient_assigned", "db is assigned, not added to: = stands where += is meant.", kAddHint,
     "db[:, :, :, c] += dZ[i, h, w, c]", [](Choices& c) { c.gradient.assign_bias = true; }},
    {"all_gradients_assigned", "The gradients are assigned, not added to: = stands where += is meant.", kAddHint,
     "+= for da_prev_pad, dW and db",
     [](Choices& c) { c.gradient.assign_input = c.gradient.assign_weights = c.gradient.assign_bias = true; }},
    {"last_image_cropped_alone", "Only the last image of dA_prev is filled.", kCropHint, kCropReveal,
     [](Choices& c) { c.gradient.crop = Crop::kLastImage; }},
    {"crop_empty_without_pad", "dA_prev is empty where pad is 0: pad:-pad is then 0:0.", kCropHint, kCropReveal,
     [](Choices& c) { c.gradient.crop = Crop::kEmptyWithoutPad; }},
    {"not_cropped", "dA_prev still has its padding.", kCropHint, kCropReveal,
     [](Choices& c) { c.gradient.crop = Crop::kNone; }},
    {"cropped_at_end_alone", "dA_prev is cut from the upper left corner of the padded gradient.", kCropHint,
     kCropReveal, [](Choices& c) { c.gradient.crop = Crop::kFromStart; }},
    {"cropped_at_beginning_alone", "dA_prev is cut from the lower right corner of the padded gradient.", kCropHint,
     kCropReveal, [](Choices& c) { c.gradient.crop = Crop::kFromEnd; }},
    {"window_for_weights", "dA_prev is computed from the window, where the filter belongs.",
     "Z = sum(a_slice * W) + b: what is the derivative with respect to a_slice?",
     "da_prev_pad[...] += W[:, :, :, c] * dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.input_factor = Factor::kOther; }},
    {"weights_for_window", "dW is computed from the filter, where the window belongs.",
     "Z = sum(a_slice * W) + b: what is the derivative with respect to W?",
     "dW[:, :, :, c] += a_slice * dZ[i, h, w, c]", [](Choices& c) { c.gradient.weights_factor = Factor::kOther; }},
    {"window_and_weights_exchanged", "Window and filter are exchanged: dA_prev takes the filter, dW the window.",
     "Z = sum(a_slice * W) + b: what is the derivative with respect to each?",
     "da_prev_pad[...] += W[:, :, :, c] * dZ[i, h, w, c]; dW[:, :, :, c] += a_slice * dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.input_factor = c.gradient.weights_factor = Factor::kOther; }},
    {"weights_left_out", "dA_prev is computed without the filter.",
     "Z = sum(a_slice * W) + b: what is the derivative with respect to a_slice?",
     "da_prev_pad[...] += W[:, :, :, c] * dZ[i, h, w, c]", [](Choices& c) { c.gradient.input_factor = Factor::kNone; }},
    {"window_left_out", "dW is computed without the window.",
     "Z = sum(a_slice * W) + b: what is the derivative with respect to W?",
     "dW[:, :, :, c] += a_slice * dZ[i, h, w, c]", [](Choices& c) { c.gradient.weights_factor = Factor::kNone; }},
    {"window_in_bias", "db is multiplied with the sum of the window.",
     "Z = sum(a_slice * W) + b: what is the derivative with respect to b?", "db[:, :, :, c] += dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.bias_factor = Factor::kOther; }},
    {"bias_gradient_counts", "db counts outputs, where it should sum their gradients.",
     "Z = sum(a_slice * W) + b: what is the derivative with respect to b, times dZ?",
     "db[:, :, :, c] += dZ[i, h, w, c]", [](Choices& c) { c.gradient.bias_factor = Factor::kNone; }},
    {"input_gradient_forgotten", "dA_prev is still 0.", "What is copied into dA_prev after the loops of one image?",
     kCropReveal, [](Choices& c) { c.gradient.input_forgotten = true; }},
    {"weights_gradient_forgotten", "dW is still 0.", "Which line adds to dW?",
     "dW[:, :, :, c] += a_slice * dZ[i, h, w, c]", [](Choices& c) { c.gradient.weights_forgotten = true; }},
    {"bias_gradient_forgotten", "db is still 0.", "Which line adds to db?", "db[:, :, :, c] += dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.bias_forgotten = true; }},
    {"results_exchanged", "dA_prev and dW are returned in the wrong order.",
     "In which order does the docstring name them?", "return dA_prev, dW, db",
     [](Choices& c) { c.gradient.swapped = true; }},
    {"bias_gradient_flat", "db has one axis, where it should have four, as b has.", "Which shape has b?",
     "db = np.zeros((1, 1, 1, n_C))", [](Choices& c) { c.gradient.bias_flat = true; }},
    {"mean_over_images", "dW and db are divided by the number of images.",
     "Does the gradient of the loss, dZ, hold that division already?", "Leave out the division by m",
     [](Choices& c) { c.gradient.mean = true; }},
    {"bias_gradient_mean", "db is the mean of dZ, not its sum.",
     "Each output adds its dZ to db. What does a mean divide by?", "db[:, :, :, c] += dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.bias_mean = true; }},
    {"filter_turned", "The filter is turned by 180 degrees.",
     "Which pixel of the window did W[0, 0] meet on the way forward?",
     "da_prev_pad[...] += W[:, :, :, c] * dZ[i, h, w, c], with W as it is",
     [](Choices& c) { c.rows.reversed = c.columns.reversed = true; }},
    {"gradient_at_window_start", "dZ is read at vert_start and horiz_start, which are places of the input.",
     "dZ has the shape of Z. Which indices count its rows and columns?", "dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.given = Given::kByStart; }},
    {"gradient_of_first_channel", "dZ is read in channel 0 alone.", "Which gradient belongs to filter c?",
     "dZ[i, h, w, c]", [](Choices& c) { c.gradient.given = Given::kFirstChannel; }},
    {"gradient_of_first_image", "dZ is read in image 0 alone.", "Which gradient belongs to image i?", "dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.given = Given::kFirstImage; }},
    {"gradient_unused", "dZ is not used.", "What does the chain rule multiply by?", "... * dZ[i, h, w, c]",
     [](Choices& c) { c.gradient.given = Given::kOne; }},
    {"first_filter_for_all", "dA_prev is computed from filter 0 alone.", "Which filter belongs to output channel c?",
     "W[:, :, :, c]", [](Choices& c) { c.sum.filter = Which::kFirst; }},
};

constexpr char kMaskReveal[] =
    "dA_prev[i, vert_start:vert_end, horiz_start:horiz_end, c] += create_mask_from_window(a_prev_slice) * dA[i, h, w, "
    "c]";
constexpr char kShareReveal[] =
    "dA_prev[i, vert_start:vert_end, horiz_start:horiz_end, c] += distribute_value(dA[i, h, w, c], (f, f))";

constexpr Mutant kPoolGradient[] = {
    {"input_gradient_assigned", "dA_prev is assigned, not added to: = stands where += is meant.", kAddHint,
     "dA_prev[i, vert_start:vert_end, horiz_start:horiz_end, c] += ...",
     [](Choices& c) { c.gradient.assign_input = true; }},
    {"max_for_average", "The mode \"average\" is treated as \"max\".", "Which branch runs in which mode?", kShareReveal,
     [](Choices& c) { c.gradient.average = Pooled::kMax; }},
    {"average_for_max", "The mode \"max\" is treated as \"average\".", "Which branch runs in which mode?", kMaskReveal,
     [](Choices& c) { c.gradient.max = Pooled::kMean; }},
    {"modes_exchanged", "The two modes are exchanged.", "Which branch runs in which mode?",
     "\"max\": the mask; \"average\": the shares",
     [](Choices& c) {
       c.gradient.max = Pooled::kMean;
       c.gradient.average = Pooled::kMax;
     }},
    {"average_not_divided", "In mode \"average\" each element gets the whole gradient, not its share.",
     "What do the shares of one window sum to?", kShareReveal, [](Choices& c) { c.gradient.average = Pooled::kSum; }},
    {"average_divided_by_f", "In mode \"average\" the gradient is divided by f, not by the elements of the window.",
     "How many elements share the gradient?", kShareReveal,
     [](Choices& c) { c.gradient.average = Pooled::kMeanOverF; }},
    {"max_to_all", "In mode \"max\" the whole window gets the gradient.", "Which element decided the maximum?",
     kMaskReveal, [](Choices& c) { c.gradient.max = Pooled::kSum; }},
    {"max_to_smallest", "In mode \"max\" the smallest element gets the gradient.", "Which element decided the maximum?",
     kMaskReveal, [](Choices& c) { c.gradient.max = Pooled::kMin; }},
    {"max_to_largest_absolute", "In mode \"max\" the element of the largest absolute value gets the gradient.",
     "Which element decided the maximum?", kMaskReveal, [](Choices& c) { c.gradient.max = Pooled::kMaxOfAbsolutes; }},
    {"max_to_first", "In mode \"max\" the first element of each window gets the gradient.",
     "Which element decided the maximum?", kMaskReveal, [](Choices& c) { c.gradient.max = Pooled::kFirst; }},
    {"mask_times_window", "In mode \"max\" the gradient is multiplied with the pixels.",
     "What is the derivative of a maximum with respect to its largest element?", kMaskReveal,
     [](Choices& c) { c.gradient.mask_times_window = true; }},
    {"mask_of_first_image", "The masks of all images come from the first one.",
     "Which image does the loop over i look at?", "a_prev = A_prev[i]",
     [](Choices& c) { c.gradient.mask_of = Which::kFirst; }},
    {"mask_of_first_channel", "The masks of all channels come from channel 0.",
     "Which channel does the window come from?", "a_prev_slice = a_prev[vert_start:vert_end, horiz_start:horiz_end, c]",
     [](Choices& c) { c.pool.channels = Channels::kFirst; }},
    {"gradient_at_window_start", "dA is read at vert_start and horiz_start, which are places of the input.",
     "dA has the shape of A. Which indices count its rows and columns?", "dA[i, h, w, c]",
     [](Choices& c) { c.gradient.given = Given::kByStart; }},
    {"gradient_of_first_channel", "dA is read in channel 0 alone.", "Which gradient belongs to channel c?",
     "dA[i, h, w, c]", [](Choices& c) { c.gradient.given = Given::kFirstChannel; }},
    {"gradient_of_first_image", "dA is read in image 0 alone.", "Which gradient belongs to image i?", "dA[i, h, w, c]",
     [](Choices& c) { c.gradient.given = Given::kFirstImage; }},
    {"gradient_unused", "dA is not used.", "What does the chain rule multiply by?", "... * dA[i, h, w, c]",
     [](Choices& c) { c.gradient.given = Given::kOne; }},
    {"mean_of_gradient", "Every window gets the mean of all of dA.", "Which element of dA belongs to this window?",
     "dA[i, h, w, c]", [](Choices& c) { c.gradient.given = Given::kMean; }},
    {"input_gradient_forgotten", "dA_prev is still 0.", "Which line adds to dA_prev?", "dA_prev[...] += ...",
     [](Choices& c) { c.gradient.input_forgotten = true; }},
};

}  // namespace

std::span<const Mutant> conv_gradient_mutants() { return kConvGradient; }
std::span<const Mutant> pool_gradient_mutants() { return kPoolGradient; }

}  // namespace convstep::check
