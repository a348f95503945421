// places.h: where windows lie, and what lies in them, by the choices.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "convstep/check.h"
#include "notebook/check/choices.h"
#include "notebook/check/run.h"

namespace convstep::check {

// One axis of a sliding window.
struct Axis {
  int64_t length;  // of the input
  int64_t before;  // zeros before it
  int64_t padded;  // the length with all zeros
  int64_t count;   // windows: the output's length
  int64_t step;    // from one window to the next
  int64_t offset;  // where the first one begins
  int64_t taps;    // how many of its elements a window reads

  int64_t begin(int64_t k) const { return k * step + offset; }
  // Does the window lie in the padded input?
  bool holds(int64_t k) const { return begin(k) >= 0 && begin(k) + taps <= padded && taps >= 0; }
  // How much of it does, where its slice ends with the input, as NumPy's do.
  int64_t inside(int64_t k) const {
    return std::max<int64_t>(0, std::min(begin(k) + taps, padded) - std::max<int64_t>(0, begin(k)));
  }
  // Does NumPy multiply what is inside with a filter? It does where that is one element, which it then repeats, or
  // none beside a filter of one, whose products are none.
  bool multiplies(int64_t k) const {
    return holds(k) || (begin(k) >= 0 && (inside(k) == 1 || (taps == 1 && inside(k) == 0)));
  }
};

// As Python rounds: int() towards 0, // down.
inline int64_t output_count(SizeRule rule, int64_t L, int64_t f, int64_t p, int64_t s) {
  const auto quotient = [](int64_t a, int64_t b) { return static_cast<double>(a) / static_cast<double>(b); };
  const auto whole = [](double x) { return static_cast<int64_t>(x); };
  switch (rule) {
    case SizeRule::kFloor:
      return whole(std::floor(quotient(L - f + 2 * p, s))) + 1;
    case SizeRule::kCeil:
      return whole(std::ceil(quotient(L - f + 2 * p, s))) + 1;
    case SizeRule::kRound:
      return whole(std::nearbyint(quotient(L - f + 2 * p, s))) + 1;
    case SizeRule::kPadOnce:
      return whole(std::floor(quotient(L - f + p, s))) + 1;
    case SizeRule::kPadLeftOut:
      return whole(std::floor(quotient(L - f, s))) + 1;
    case SizeRule::kNoPlusOne:
      return whole(std::floor(quotient(L - f + 2 * p, s)));
    case SizeRule::kNoStride:
      return L - f + 2 * p + 1;
    case SizeRule::kStrideOnPadAlone:
      return whole(std::floor(static_cast<double>(L - f) + quotient(2 * p, s))) + 1;
    case SizeRule::kWindowLeftOut:
      return whole(std::floor(quotient(L + 2 * p, s))) + 1;
    case SizeRule::kInput:
      return L;
    case SizeRule::kPlusTwo:
      return whole(std::floor(quotient(L - f + 2 * p, s))) + 2;
    case SizeRule::kWindowForStride:
      return whole(std::floor(quotient(L - f + 2 * p, f))) + 1;
    case SizeRule::kQuotient:
      return L / s;
  }
  return 0;
}

// What an axis is made of.
struct AxisGiven {
  int64_t length = 0, other = 0;  // of the input, along this axis and along the other one
  int64_t f = 1, pad = 0, stride = 1;
  int64_t zeros = 0;  // on each side: pad, unless that is a choice
};

inline Axis make_axis(const AxisChoices& choices, const AxisGiven& given) {
  int64_t step = given.stride;
  if (choices.step == Step::kOne) step = 1;
  if (choices.step == Step::kTwo) step = 2;
  if (choices.step == Step::kWindow) step = given.f;
  if (choices.step == Step::kPad) step = given.pad;
  if (choices.step == Step::kNone) step = 0;
  const int64_t measured = choices.size_of_other ? given.other : given.length;
  return {.length = given.length,
          .before = choices.before * given.zeros,
          .padded = given.length + (choices.before + choices.after) * given.zeros,
          .count = std::max<int64_t>(0, output_count(choices.size, measured, given.f, given.pad, given.stride)),
          .step = step,
          .offset = choices.shift,
          .taps = (choices.as_long_as_stride ? given.stride : given.f) + choices.longer};
}

// The two axes of images (m, height, width, channels) under windows (f, f_across).
struct Axes {
  Axis rows, columns;
};

inline Axes make_axes(const Choices& choices, const CheckArray& images, int64_t f, int64_t f_across, int64_t pad,
                      int64_t stride) {
  const int64_t height = images.shape[1], width = images.shape[2];
  const int64_t zeros = choices.fixed_pad >= 0 ? choices.fixed_pad : pad + (pad > 0 ? choices.pad_extra : 0);
  return {make_axis(choices.rows, {height, width, f, pad, stride, zeros}),
          make_axis(choices.columns, {width, height, f_across, pad, stride, zeros})};
}

// The place in the input that a place of the padded input, outside of the input, is filled from; -1: from nowhere.
inline int64_t filled_from(Fill fill, int64_t k, int64_t length) {
  if (fill == Fill::kEdge) return std::clamp<int64_t>(k, 0, length - 1);
  const int64_t period = fill == Fill::kReflect ? std::max<int64_t>(1, 2 * (length - 1)) : 2 * length;
  const int64_t turned = ((k % period) + period) % period;
  if (fill == Fill::kReflect) return turned < length ? turned : period - turned;
  if (fill == Fill::kSymmetric) return turned < length ? turned : period - 1 - turned;
  if (fill == Fill::kWrap) return ((k % length) + length) % length;
  return -1;
}

// Padded images.
class PaddedImages {
 public:
  PaddedImages(const CheckArray& images, const Choices& choices, const Axis& rows, const Axis& columns, int64_t pad)
      : images_(images), choices_(choices), rows_(rows), columns_(columns), pad_(pad) {}

  int64_t count() const { return images_.shape[0] + (choices_.pad_images ? 2 * pad_ : 0); }
  int64_t channels() const { return images_.shape[3] + (choices_.pad_channels ? 2 * pad_ : 0); }

  // y and x count from the first padded row and column, n and c from the first padded image and channel.
  double at(int64_t n, int64_t y, int64_t x, int64_t c) const {
    const auto& shape = images_.shape;
    int64_t place[4] = {choices_.pad_images ? n - pad_ : n, y - rows_.before, x - columns_.before,
                        choices_.pad_channels ? c - pad_ : c};
    for (size_t k = 0; k < 4; ++k) {
      if (place[k] >= 0 && place[k] < shape[k]) continue;
      if (choices_.fill == Fill::kZeros) return 0;
      if (choices_.fill == Fill::kOnes) return 1;
      if (choices_.fill == Fill::kPad) return static_cast<double>(pad_);
      place[k] = filled_from(choices_.fill, place[k], shape[k]);
    }
    const int64_t index = ((place[0] * shape[1] + place[1]) * shape[2] + place[2]) * shape[3] + place[3];
    return images_.values[static_cast<size_t>(index)];
  }

 private:
  const CheckArray& images_;
  const Choices& choices_;
  Axis rows_, columns_;
  int64_t pad_;
};

inline int64_t pick(Which which, int64_t own, int64_t count) {
  if (which == Which::kFirst) return 0;
  if (which == Which::kLast) return count - 1;
  if (which == Which::kReversed) return count - 1 - own;
  return own;
}

// Is this output computed, or still 0?
inline bool is_computed(Computed computed, const int64_t (&index)[4], const int64_t (&shape)[4],
                        int64_t input_channels) {
  const auto [n, y, x, o] = index;
  switch (computed) {
    case Computed::kAll:
      return true;
    case Computed::kFirstImage:
      return n == 0;
    case Computed::kLastImage:
      return n == shape[0] - 1;
    case Computed::kFirstRow:
      return n == 0 && y == 0;
    case Computed::kFirstPosition:
      return n == 0 && y == 0 && x == 0;
    case Computed::kFirstOutput:
      return n == 0 && y == 0 && x == 0 && o == 0;
    case Computed::kNotLastRow:
      return y < shape[1] - 1;
    case Computed::kNotLastColumn:
      return x < shape[2] - 1;
    case Computed::kNotLastChannel:
      return o < shape[3] - 1;
    case Computed::kNotLastImage:
      return n < shape[0] - 1;
    case Computed::kFirstChannel:
      return o == 0;
    case Computed::kLastChannel:
      return o == shape[3] - 1;
    case Computed::kNotFirstRow:
      return y > 0;
    case Computed::kNotFirstColumn:
      return x > 0;
    case Computed::kInputChannels:
      return o < input_channels;
    case Computed::kLastRow:
      return y == shape[1] - 1;
    case Computed::kLastColumn:
      return x == shape[2] - 1;
    case Computed::kLastPosition:
      return y == shape[1] - 1 && x == shape[2] - 1;
  }
  return true;
}

// What happens to a result.
inline double finished(After after, double value, int64_t images) {
  switch (after) {
    case After::kNothing:
      return value;
    case After::kRelu:
      return std::max(0.0, value);
    case After::kTruncate:
      return std::trunc(value);
    case After::kNegate:
      return -value;
    case After::kRound:
      return std::nearbyint(value);
    case After::kDivideByImages:
      return value / static_cast<double>(images);
    case After::kSigmoid:
      return 1 / (1 + std::exp(-value));
    case After::kDouble:
      return 2 * value;
    case After::kPlusOne:
      return value + 1;
  }
  return value;
}

// Hands over outputs (m, n_H, n_W, n_C), of which `compute(n, y, x, o, &value, &magnitude)` gives one, or false.
template <class Compute>
bool hand_over_volume(const Choices& choices, const int64_t (&shape)[4], int64_t input_channels, int64_t terms,
                      Sink& sink, Compute compute) {
  // A loop over the input's channels runs past the end of the output's.
  if (choices.computed == Computed::kInputChannels && input_channels > shape[3]) return false;

  // Which axis of (m, n_H, n_W, n_C) each of the result's is.
  constexpr size_t kOrders[][4] = {{0, 1, 2, 3}, {0, 3, 1, 2}, {0, 2, 1, 3}};
  const size_t(&order)[4] = kOrders[static_cast<size_t>(choices.order)];
  const std::vector<int64_t> axes{shape[order[0]], shape[order[1]], shape[order[2]], shape[order[3]]};
  if (!sink.begin(0, axes)) return false;
  int64_t k[4];  // in the order of the axes
  for (k[0] = 0; k[0] < axes[0]; ++k[0])
    for (k[1] = 0; k[1] < axes[1]; ++k[1])
      for (k[2] = 0; k[2] < axes[2]; ++k[2])
        for (k[3] = 0; k[3] < axes[3]; ++k[3]) {
          int64_t index[4];
          for (size_t axis = 0; axis < 4; ++axis) index[order[axis]] = k[axis];
          const bool shared = choices.positions_shared;
          double value = 0, magnitude = 0;
          if (is_computed(choices.computed, index, shape, input_channels) &&
              !compute(index[0], shared ? shape[1] - 1 : index[1], shared ? shape[2] - 1 : index[2], index[3], value,
                       magnitude)) {
            return false;
          }
          if (!sink.value(finished(choices.after, value, shape[0]), magnitude, terms)) return false;
        }
  return true;
}

}  // namespace convstep::check
