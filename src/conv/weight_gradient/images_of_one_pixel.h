// images_of_one_pixel.h: the gradient of weights where each image is one pixel, as the rows of a linear layer are.
//
// By the order of the sums (docs/decisions/0016) each image's product is rounded and added by itself. Here the batch
// goes through the registers like the pixels of one image.
#pragma once

#include "conv/weight_gradient/method.h"

namespace convstep {

bool has_images_of_one_pixel(const ConvProblem& problem);

template <class T>
void run_images_of_one_pixel(const ConvProblem& problem, const WeightGradientCall<T>& call, int threads);

}  // namespace convstep
