// layer.cc: a layer that makes its plans as images come.
#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "conv/checks.h"
#include "runtime/fork_safe_mutex.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// The plans that were used last, the latest first.
template <class T>
class PlanCache {
 public:
  using Plan = std::shared_ptr<const ConvPlan<T>>;

  PlanCache() { entries_.reserve(kPlans); }

  // Null where there is none.
  Plan find(const Size2& image, const std::string& target) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return find_locked(image, target);
  }

  void keep(const Size2& image, const Plan& plan) {
    Plan forgotten;  // freed after the mutex
    const std::lock_guard<std::mutex> lock(mutex_);
    if (find_locked(image, plan->target())) return;  // another thread was faster
    if (entries_.size() == kPlans) {
      forgotten = std::move(entries_.back().plan);
      entries_.pop_back();
    }
    entries_.insert(entries_.begin(), Entry{image, plan});  // there is room
  }

  Plan latest() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return entries_.empty() ? nullptr : entries_.front().plan;
  }

 private:
  struct Entry {
    Size2 image;
    Plan plan;
  };
  static constexpr size_t kPlans = ConvLayer<T>::kPlans;

  Plan find_locked(const Size2& image, const std::string& target) {
    const auto is_it = [&](const Entry& entry) { return entry.image == image && entry.plan->target() == target; };
    const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
    if (found == entries_.end()) return nullptr;
    std::rotate(entries_.begin(), found, found + 1);
    return entries_.front().plan;
  }

  std::mutex& mutex_ = fork_safe_mutex(this);
  std::vector<Entry> entries_;
};

// The shape of an empty batch of images that every window fits into. What overflows is too large in itself, and found
// to be so.
Shape<4> fitting_input(const Shape<4>& weights, const ConvOptions& options) {
  const auto fitting = [](int64_t window, int64_t step) {
    int64_t reach, length;
    const bool is_too_large = __builtin_mul_overflow(window - 1, step, &reach) ||
                              __builtin_add_overflow(std::max<int64_t>(reach, 0), 1, &length);
    return is_too_large ? 1 : length;
  };
  const int64_t groups = std::clamp<int64_t>(options.groups, 1, std::max<int64_t>(weights[3], 1));
  return {0, fitting(weights[0], options.dilation.height), fitting(weights[1], options.dilation.width),
          std::max<int64_t>(weights[2], 1) * groups};
}

}  // namespace

template <class T>
struct ConvLayer<T>::State {
  LayerArray<T, 4> weights;
  LayerArray<T, 1> bias;
  ConvOptions options;
  PlanCache<T> plans{};

  void check() const {
    const Shape<4> shape = weights.view().shape();
    const ConvProblem problem = check_problem(fitting_input(shape, options), shape, options);
    convstep::output_shape(0, problem);
    check_weights<T>({weights.view(), bias.view()}, problem);
    resolve_threads(options.threads, true);  // how many there are matters to calls alone
  }
};

template <class T>
ConvLayer<T>::ConvLayer(LayerArray<T, 4> weights, LayerArray<T, 1> bias, const ConvOptions& options)
    : state_(new State{std::move(weights), std::move(bias), options}) {
  state_->check();
}

template <class T>
ConvLayer<T>::~ConvLayer() = default;
template <class T>
ConvLayer<T>::ConvLayer(ConvLayer&&) noexcept = default;
template <class T>
ConvLayer<T>& ConvLayer<T>::operator=(ConvLayer&&) noexcept = default;

template <class T>
void ConvLayer<T>::run(View<const T, 4> input, View<T, 4> output, View<const T, 4> residual,
                       const RunOptions& options) const {
  plan(input.shape(), options)->run(input, output, residual, options);
}

template <class T>
std::shared_ptr<const ConvPlan<T>> ConvLayer<T>::plan(const Shape<4>& input, const RunOptions& options) const {
  const Size2 image{input[1], input[2]};
  // Any other input is refused where a plan is made for it.
  if (input[0] >= 0 && input[3] == weights().shape(2) * state_->options.groups) {
    if (auto kept = state_->plans.find(image, simd_target())) {
      kept->output_shape(input[0]);
      return kept;
    }
  }
  RunOptions packing = options;
  if (packing.threads == 0) packing.threads = state_->options.threads;
  if (!packing.progress) packing.progress = state_->options.progress;
  const std::shared_ptr<const ConvPlan<T>> made(new ConvPlan<T>(input, weights(), bias(), state_->options, packing));
  state_->plans.keep(image, made);
  return made;
}

template <class T>
std::shared_ptr<const ConvPlan<T>> ConvLayer<T>::latest_plan() const {
  return state_->plans.latest();
}

template <class T>
Shape<4> ConvLayer<T>::output_shape(const Shape<4>& input) const {
  return conv_output_shape(input, weights().shape(), state_->options);
}

template <class T>
View<const T, 4> ConvLayer<T>::weights() const {
  return state_->weights.view();
}

template <class T>
View<const T, 1> ConvLayer<T>::bias() const {
  return state_->bias.view();
}

template <class T>
const ConvOptions& ConvLayer<T>::options() const {
  return state_->options;
}

template class ConvLayer<float>;
template class ConvLayer<double>;

}  // namespace convstep
