// loss.h: how wrong the scores of a classifier are, and the gradient with which its training begins.
//
//   p[n,k]           = exp(logits[n,k]) / sum over j of  exp(logits[n,j])       softmax: the probability of class k
//   loss             = sum over n of  -log(p[n,labels[n]]) / count              cross-entropy
//   logits_grad[n,k] = (p[n,k] - (1 where k is labels[n], elsewhere 0)) / count
//
//   logits [N,K]   labels [N], from 0 to K - 1   logits_grad [N,K]
//
// Float and double; the arithmetic is done in the type of the logits, with the C library's exp and log1p. Only
// differences to a row's largest logit are raised, so that no logit is too large, and nothing is subtracted from 1: the
// loss and the gradient of a class whose probability is nearly 1 keep all their digits. A logit of -infinity is a
// probability of 0; NaN, +infinity, or no finite logit make the loss and their row of the gradient NaN. N = 0 is valid.
// Readable version: src/reference/loss.cc.
#pragma once

#include "convstep/tensor.h"

namespace CONVSTEP_EXPORT convstep {

// A batch that is taken in parts gives the bits of the whole where each part is told the size of the whole batch and
// the loss so far:
//
//   loss = softmax_cross_entropy(logits_of_part, labels_of_part, grad_of_part, {.count = 64, .loss_so_far = loss});
struct CrossEntropyOptions {
  Count count = 0;         // what the sum is divided by; 0: N, which makes the loss a mean
  double loss_so_far = 0;  // to which the rows add theirs, each divided by count, one after the other
};

// Returns the loss, and writes every element of logits_grad, unless it is {}. That may be the logits themselves (the
// same view); otherwise it must share no element with logits or labels. Throws ShapeError or ParameterError (a label
// out of range, too) before anything is written. One thread computes it.
float softmax_cross_entropy(View<const float, 2> logits, View<const int64_t, 1> labels, View<float, 2> logits_grad = {},
                            const CrossEntropyOptions& options = {});
double softmax_cross_entropy(View<const double, 2> logits, View<const int64_t, 1> labels,
                             View<double, 2> logits_grad = {}, const CrossEntropyOptions& options = {});

}  // namespace convstep
