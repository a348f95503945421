// pool_gradient_run.cc: the notebook's pool_backward with choices.
#include "notebook/check/gradient.h"

namespace convstep::check {
namespace {

// A window of one channel.
struct Window {
  int64_t image, top, left, height, width, channel;

  double at(const CheckArray& images, int64_t i, int64_t j) const {
    return check::at(images, image, top + i, left + j, channel);
  }
};

struct Extremes {
  double largest, smallest, absolute;
};

Extremes extremes(const CheckArray& images, const Window& window) {
  const double first = window.at(images, 0, 0);
  Extremes it{first, first, std::abs(first)};
  for (int64_t i = 0; i < window.height; ++i)
    for (int64_t j = 0; j < window.width; ++j) {
      const double pixel = window.at(images, i, j);
      it.largest = std::max(it.largest, pixel);
      it.smallest = std::min(it.smallest, pixel);
      it.absolute = std::max(it.absolute, std::abs(pixel));
    }
  return it;
}

// Which part of the gradient a pixel gets.
double share(Pooled how, double pixel, const Extremes& of, bool is_first, int64_t f, int64_t outputs) {
  switch (how) {
    case Pooled::kMax:
      return pixel == of.largest;
    case Pooled::kMin:
      return pixel == of.smallest;
    case Pooled::kMaxOfAbsolutes:
      return std::abs(pixel) == of.absolute;
    case Pooled::kFirst:
      return is_first;
    case Pooled::kSum:
      return 1;
    case Pooled::kMean:
      return 1 / static_cast<double>(f * f);
    case Pooled::kMaxShare:
      return pixel == of.largest ? 1 / static_cast<double>(f * f) : 0;
    case Pooled::kMeanOverOutputs:
      return 1 / static_cast<double>(outputs);
    case Pooled::kMeanOfFour:
      return 1 / 4.0;
    case Pooled::kPositive:
      return pixel > 0;
    case Pooled::kMeanOverF:
      return 1 / static_cast<double>(f);
    default:
      return 0;
  }
}

}  // namespace

bool run_pool_backward(const CheckCase& one, const Choices& choices, Sink& sink) {
  const CheckArray &dA = one.inputs[0], &A_prev = one.inputs[1];
  const GradientChoices& how = choices.gradient;
  const int64_t m = A_prev.shape[0], channels = A_prev.shape[3];
  const auto [rows, columns] = make_axes(choices, A_prev, one.f, one.f, 0, one.stride);
  Gradient input(A_prev.shape, one.average ? how.assign_average : how.assign_max);
  const Given given = !one.average && how.mask_alone ? Given::kOne : how.given;
  for (int64_t n = 0; n < m; ++n)
    for (int64_t h = 0; h < dA.shape[1]; ++h)
      for (int64_t w = 0; w < dA.shape[2]; ++w)
        for (int64_t c = 0; c < channels; ++c) {
          double da = 0;
          if (!comes_to(choices, dA, n, h, w, c, channels)) continue;
          if (!given_gradient(dA, given, rows, columns, n, h, w, c, da)) return false;
          if (!rows.holds(h) || !columns.holds(w)) return false;
          const Window window{pick(how.mask_of, n, m),
                              rows.begin(h),
                              columns.begin(w),
                              rows.taps,
                              columns.taps,
                              choices.pool.channels == Channels::kFirst ? 0 : c};
          if (window.height < 1 || window.width < 1) return false;  // which has no maximum
          const Extremes of = extremes(A_prev, window);
          for (int64_t i = 0; i < window.height; ++i)
            for (int64_t j = 0; j < window.width; ++j) {
              const double pixel = window.at(A_prev, i, j);
              double part = share(one.average ? how.average : how.max, pixel, of, i == 0 && j == 0, one.f,
                                  dA.shape[1] * dA.shape[2]);
              if (how.mask_times_window && !one.average) part *= pixel;
              input.add(n, window.top + i, window.left + j, c, part * da);
            }
        }
  if (how.input_forgotten) input.forget();
  return input.hand_over(0, input.shape(), choices, m, sink);
}

}  // namespace convstep::check
