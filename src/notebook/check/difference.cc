#include "notebook/check/difference.h"

#include <algorithm>
#include <cmath>

#include "notebook/check/comparison.h"
#include "notebook/check/places.h"
#include "notebook/check/text.h"

namespace convstep::check {
namespace {

double element(const CheckArray& array, std::initializer_list<int64_t> index) {
  size_t place = 0, axis = 0;
  for (const int64_t k : index) place = place * static_cast<size_t>(array.shape[axis++]) + static_cast<size_t>(k);
  return array.values[place];
}

void add_product(std::vector<CheckTerm>& terms, double a, double b) {
  terms.push_back({number_text(a) + " * " + number_text(b), a * b});
}

void add_number(std::vector<CheckTerm>& terms, double a) { terms.push_back({number_text(a), a}); }

void frame(const Axes& at, int64_t y, int64_t x, CheckDifference& difference) {
  difference.window = {at.rows.begin(y), at.rows.begin(y) + at.rows.taps, at.columns.begin(x),
                       at.columns.begin(x) + at.columns.taps};
}

void write_conv(const CheckCase& one, CheckDifference& difference) {
  const CheckArray &A_prev = one.inputs[0], &W = one.inputs[1];
  const auto& k = difference.index;
  const Axes at = make_axes(Choices(), A_prev, W.shape[0], W.shape[1], one.pad, one.stride);
  const Choices choices;
  const PaddedImages padded(A_prev, choices, at.rows, at.columns, one.pad);
  frame(at, k[1], k[2], difference);
  for (int64_t i = 0; i < W.shape[0]; ++i)
    for (int64_t j = 0; j < W.shape[1]; ++j)
      for (int64_t c = 0; c < W.shape[2]; ++c)
        add_product(difference.terms, padded.at(k[0], at.rows.begin(k[1]) + i, at.columns.begin(k[2]) + j, c),
                    element(W, {i, j, c, k[3]}));
  add_number(difference.terms, one.inputs[2].values[static_cast<size_t>(k[3])]);
}

void write_step(const CheckCase& one, CheckDifference& difference) {
  for (size_t k = 0; k < one.inputs[0].values.size(); ++k) {
    add_product(difference.terms, one.inputs[0].values[k], one.inputs[1].values[k]);
  }
  add_number(difference.terms, one.inputs[2].values[0]);
}

void write_pool(const CheckCase& one, CheckDifference& difference) {
  const CheckArray& A_prev = one.inputs[0];
  const auto& k = difference.index;
  const Axes at = make_axes(Choices(), A_prev, one.f, one.f, 0, one.stride);
  frame(at, k[1], k[2], difference);
  for (int64_t i = 0; i < one.f; ++i)
    for (int64_t j = 0; j < one.f; ++j)
      add_number(difference.terms, element(A_prev, {k[0], at.rows.begin(k[1]) + i, at.columns.begin(k[2]) + j, k[3]}));
}

void write_conv_gradient(const CheckCase& one, size_t output, CheckDifference& difference) {
  const CheckArray &dZ = one.inputs[0], &A_prev = one.inputs[1], &W = one.inputs[2];
  const auto& k = difference.index;
  const Axes at = make_axes(Choices(), A_prev, W.shape[0], W.shape[1], one.pad, one.stride);
  const Choices choices;
  const PaddedImages padded(A_prev, choices, at.rows, at.columns, one.pad);
  for (int64_t n = 0; n < dZ.shape[0]; ++n)
    for (int64_t h = 0; h < dZ.shape[1]; ++h)
      for (int64_t w = 0; w < dZ.shape[2]; ++w)
        for (int64_t o = 0; o < dZ.shape[3]; ++o) {
          const double dz = element(dZ, {n, h, w, o});
          if (output == 0) {
            const int64_t i = k[1] + one.pad - at.rows.begin(h), j = k[2] + one.pad - at.columns.begin(w);
            if (n != k[0] || i < 0 || j < 0 || i >= W.shape[0] || j >= W.shape[1]) continue;
            add_product(difference.terms, element(W, {i, j, k[3], o}), dz);
          } else if (o == k[3] && output == 1) {
            add_product(difference.terms, padded.at(n, at.rows.begin(h) + k[0], at.columns.begin(w) + k[1], k[2]), dz);
          } else if (o == k[3]) {
            add_number(difference.terms, dz);
          }
        }
}

void write_pool_gradient(const CheckCase& one, CheckDifference& difference) {
  const CheckArray &dA = one.inputs[0], &A_prev = one.inputs[1];
  const auto& k = difference.index;
  const Axes at = make_axes(Choices(), A_prev, one.f, one.f, 0, one.stride);
  const double own = element(A_prev, {k[0], k[1], k[2], k[3]});
  for (int64_t h = 0; h < at.rows.count; ++h)
    for (int64_t w = 0; w < at.columns.count; ++w) {
      const int64_t top = at.rows.begin(h), left = at.columns.begin(w);
      if (k[1] < top || k[1] >= top + one.f || k[2] < left || k[2] >= left + one.f) continue;
      double largest = own;
      for (int64_t i = top; i < top + one.f; ++i)
        for (int64_t j = left; j < left + one.f; ++j) largest = std::max(largest, element(A_prev, {k[0], i, j, k[3]}));
      const double given = element(dA, {k[0], h, w, k[3]});
      if (one.average) {
        difference.terms.push_back(
            {number_text(given) + " / " + std::to_string(one.f * one.f), given / static_cast<double>(one.f * one.f)});
      } else if (own == largest) {
        add_number(difference.terms, given);
      }
    }
}

bool same(double a, double b, double magnitude) { return std::abs(a - b) <= tolerance(magnitude + std::abs(b), 1); }

std::string change_of_sum(const CheckDifference& it, double magnitude) {
  const double more = it.yours - it.right;
  for (const CheckTerm& term : it.terms) {
    if (term.value == 0) continue;
    if (same(more, -term.value, magnitude)) return "yours lacks the term " + term.text;
    if (same(more, term.value, magnitude)) return "yours counts the term " + term.text + " twice";
    if (same(more, -2 * term.value, magnitude)) return "yours has the term " + term.text + " with the other sign";
  }
  return {};
}

std::string change_of(CheckedFunction function, const CheckCase& one, const CheckDifference& it) {
  double magnitude = 0;
  for (const CheckTerm& term : it.terms) magnitude += std::abs(term.value);
  const bool is_sum =
      function != CheckedFunction::kPoolForward && function != CheckedFunction::kDistributeValue && !it.terms.empty();
  if (is_sum) {
    std::string text = change_of_sum(it, magnitude);
    if (!text.empty()) return text;
  }
  if (function == CheckedFunction::kZeroPad && it.right == 0) {
    return "yours has " + number_text(it.yours) + " in the border, where zeros belong";
  }
  if (same(it.yours, -it.right, magnitude)) return "yours has the other sign";
  const double ratio = it.right == 0 ? 0 : it.yours / it.right;
  for (double n = 2; n <= 36; ++n) {
    if (same(ratio, n, n)) return "yours is " + number_text(n) + " times what is right";
    if (same(ratio, 1 / n, 1)) return "yours is what is right divided by " + number_text(n);
  }
  if (function == CheckedFunction::kPoolForward && !one.average) {
    const bool inside =
        std::any_of(it.terms.begin(), it.terms.end(), [&](const CheckTerm& t) { return t.value == it.yours; });
    return inside ? "yours is in the window, but not the largest" : "yours is no number of this window";
  }
  const double more = it.yours - it.right;
  return "yours would have to be " + number_text(std::abs(more)) + (more > 0 ? " smaller" : " larger");
}

}  // namespace

void write_out(CheckedFunction function, const CheckCase& one, size_t output, CheckDifference& difference) {
  switch (function) {
    case CheckedFunction::kConvForward:
      write_conv(one, difference);
      break;
    case CheckedFunction::kConvSingleStep:
      write_step(one, difference);
      break;
    case CheckedFunction::kPoolForward:
      write_pool(one, difference);
      break;
    case CheckedFunction::kConvBackward:
      write_conv_gradient(one, output, difference);
      break;
    case CheckedFunction::kPoolBackward:
      write_pool_gradient(one, difference);
      break;
    case CheckedFunction::kZeroPad:
    case CheckedFunction::kCreateMaskFromWindow:
      break;  // no sums
    case CheckedFunction::kDistributeValue:
      difference.terms.push_back({number_text(one.inputs[0].values[0]) + " / (" + number_text(one.inputs[1].values[0]) +
                                      " * " + number_text(one.inputs[1].values[1]) + ")",
                                  difference.right});
      break;
  }
  difference.change = change_of(function, one, difference);
}

}  // namespace convstep::check
