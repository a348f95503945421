// conv_gradient_run.cc: the notebook's conv_backward with choices.
#include "notebook/check/gradient.h"

namespace convstep::check {
namespace {

// dA_prev out of the gradient of the padded input.
class Cropped {
 public:
  Cropped(const Gradient& padded, Crop crop, const CheckArray& input, int64_t pad)
      : padded_(padded), crop_(crop), input_(input), pad_(pad) {}

  std::vector<int64_t> shape() const {
    if (crop_ == Crop::kNone) return padded_.shape();
    if (crop_ == Crop::kEmptyWithoutPad && pad_ == 0) return {input_.shape[0], 0, 0, input_.shape[3]};
    return input_.shape;
  }
  bool hand_over(size_t output, const Choices& choices, Sink& sink) const {
    const std::vector<int64_t> axes = shape();
    if (!sink.begin(output, axes)) return false;
    int64_t from = pad_;
    if (crop_ == Crop::kNone || crop_ == Crop::kFromStart) from = 0;
    if (crop_ == Crop::kFromEnd) from = 2 * pad_;
    if (axes[1] + from > padded_.shape()[1] || axes[2] + from > padded_.shape()[2]) return false;
    for (int64_t n = 0; n < axes[0]; ++n)
      for (int64_t y = 0; y < axes[1]; ++y)
        for (int64_t x = 0; x < axes[2]; ++x)
          for (int64_t c = 0; c < axes[3]; ++c) {
            const bool kept = crop_ != Crop::kLastImage || n == axes[0] - 1;
            const double value = kept ? padded_.value(n, y + from, x + from, c) : 0;
            const double magnitude = padded_.magnitude(n, y + from, x + from, c);
            const int64_t terms = padded_.terms(n, y + from, x + from, c);
            if (!sink.value(finished(choices.after, value, axes[0]), magnitude, terms)) return false;
          }
    return true;
  }

 private:
  const Gradient& padded_;
  Crop crop_;
  const CheckArray& input_;
  int64_t pad_;
};

// The three gradients of a layer, to which the outputs add one after the other.
class LayerGradients {
 public:
  LayerGradients(const CheckCase& one, const Choices& choices)
      : one_(one),
        choices_(choices),
        how_(choices.gradient),
        axes_(make_axes(choices, A_prev(), W().shape[0], W().shape[1], one.pad, one.stride)),
        padded_(A_prev(), choices, axes_.rows, axes_.columns, one.pad),
        input_({A_prev().shape[0], axes_.rows.padded, axes_.columns.padded, W().shape[2]}, how_.assign_input),
        weights_(W().shape, how_.assign_weights),
        bias_({1, 1, 1, W().shape[3]}, how_.assign_bias) {}

  // False where code with these choices would end with an exception.
  bool add_all() {
    const int64_t filters = W().shape[3], channels = W().shape[2];
    if (padded_.channels() != channels) return false;
    if (choices_.computed == Computed::kInputChannels && channels > filters) return false;
    const auto& shape = dZ().shape;
    for (int64_t n = 0; n < shape[0]; ++n)
      for (int64_t h = 0; h < shape[1]; ++h)
        for (int64_t w = 0; w < shape[2]; ++w)
          for (int64_t o = 0; o < filters; ++o) {
            double dz = 0;
            if (!comes_to(choices_, dZ(), n, h, w, o, channels)) continue;
            if (!given_gradient(dZ(), how_.given, axes_.rows, axes_.columns, n, h, w, o, dz)) return false;
            if (!axes_.rows.holds(h) || !axes_.columns.holds(w)) return false;
            add(n, h, w, o, dz);
          }
    finish();
    return true;
  }

  bool hand_over(Sink& sink) const {
    const int64_t m = A_prev().shape[0];
    const Cropped cropped(input_, how_.crop, A_prev(), one_.pad);
    const std::vector<int64_t> flat{W().shape[3]};
    if (how_.swapped) {
      if (!weights_.hand_over(0, W().shape, choices_, m, sink) || !cropped.hand_over(1, choices_, sink)) return false;
    } else {
      if (!cropped.hand_over(0, choices_, sink) || !weights_.hand_over(1, W().shape, choices_, m, sink)) return false;
    }
    return bias_.hand_over(2, how_.bias_flat ? flat : bias_.shape(), choices_, m, sink);
  }

 private:
  const CheckArray& dZ() const { return one_.inputs[0]; }
  const CheckArray& A_prev() const { return one_.inputs[1]; }
  const CheckArray& W() const { return one_.inputs[2]; }

  static double factor(Factor which, double right, double other) {
    return which == Factor::kRight ? right : which == Factor::kOther ? other : 1;
  }

  // What one output adds.
  void add(int64_t n, int64_t h, int64_t w, int64_t o, double dz) {
    const int64_t f = W().shape[0], f_across = W().shape[1];
    const int64_t image = pick(choices_.image, n, A_prev().shape[0]),
                  filter = pick(choices_.sum.filter, o, W().shape[3]);
    double window_sum = 0;
    for (int64_t i = 0; i < axes_.rows.taps; ++i)
      for (int64_t j = 0; j < axes_.columns.taps; ++j)
        for (int64_t c = 0; c < W().shape[2]; ++c) {
          const int64_t y = axes_.rows.begin(h) + i, x = axes_.columns.begin(w) + j;
          const int64_t turned_i = f - 1 - i, turned_j = f_across - 1 - j;
          const double pixel = padded_.at(image, y, x, c);
          const double weight = how_.filter_turned ? at(W(), turned_i, turned_j, c, filter) : at(W(), i, j, c, filter);
          input_.add(n, y, x, c, factor(how_.input_factor, weight, pixel) * dz);
          const bool turned = how_.weights_turned;
          weights_.add(turned ? turned_i : i, turned ? turned_j : j, c, o,
                       factor(how_.weights_factor, pixel, weight) * dz);
          window_sum += pixel;
        }
    const double term = how_.bias_factor == Factor::kNone ? 1 : factor(how_.bias_factor, 1, window_sum) * dz;
    for (int64_t k = 0; k < W().shape[3]; ++k) {
      if (k == o || how_.bias_of_all) bias_.add(0, 0, 0, k, term);
    }
  }

  void finish() {
    const double m = static_cast<double>(A_prev().shape[0]);
    if (how_.input_mean) input_.divide(m);
    if (how_.weights_mean) weights_.divide(m);
    if (how_.bias_mean_of_images) bias_.divide(m);
    if (how_.bias_mean) bias_.divide(m * static_cast<double>(dZ().shape[1] * dZ().shape[2]));
    if (how_.input_forgotten) input_.forget();
    if (how_.weights_forgotten) weights_.forget();
    if (how_.bias_forgotten) bias_.forget();
  }

  const CheckCase& one_;
  const Choices& choices_;
  const GradientChoices& how_;
  Axes axes_;
  PaddedImages padded_;
  Gradient input_, weights_, bias_;
};

}  // namespace

bool run_conv_backward(const CheckCase& one, const Choices& choices, Sink& sink) {
  LayerGradients gradients(one, choices);
  return gradients.add_all() && gradients.hand_over(sink);
}

}  // namespace convstep::check
