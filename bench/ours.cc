// ours.cc: convstep behind the interface of native.h. Way 0 is what a user gets; the others show parts of it: way 1 is
// the direct method alone, way 2 the memcpy that moves as many bytes as a pooling layer, or its gradient, reads and
// writes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include "convstep/convstep.h"
#include "native.h"

namespace {

using convstep::Shape;
using convstep::Tensor;
using convstep::View;

constexpr int64_t kDirect = 1, kMemcpy = 2, kWays = 3;

class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
  virtual void output(void* to) const = 0;
  std::string description;
};

template <class T>
class TypedWork : public Work {
 public:
  TypedWork(const BenchLayer& layer, const void* input)
      : input_(Tensor<T, 4>::uninitialized({layer.n, layer.h, layer.w, layer.c})),
        output_(Shape<4>{layer.n, layer.oh, layer.ow, layer.o}) {
    std::memcpy(input_.data(), input, static_cast<size_t>(input_.size()) * sizeof(T));
  }
  void output(void* to) const override {
    std::memcpy(to, output_.data(), static_cast<size_t>(output_.size()) * sizeof(T));
  }

 protected:
  Tensor<T, 4> input_, output_;
};

convstep::ConvOptions options_of(const BenchLayer& layer, int64_t way) {
  convstep::ConvOptions options;
  options.stride = {layer.stride, layer.stride};
  options.dilation = {layer.dilation, layer.dilation};
  options.padding = convstep::Padding::all(layer.pad);
  options.groups = layer.groups;
  options.threads = layer.threads;
  if (way == kDirect) options.algorithm = convstep::ConvAlgorithm::kDirect;
  return options;
}

template <class T>
class Conv : public TypedWork<T> {
 public:
  Conv(const BenchLayer& layer, int64_t way, const void* input, const void* weights, const void* bias)
      : TypedWork<T>(layer, input), plan_(make_plan(layer, way, weights, bias)) {
    this->description = plan_.describe();
  }
  void run() override { plan_.run(this->input_, this->output_); }

 private:
  static convstep::ConvPlan<T> make_plan(const BenchLayer& layer, int64_t way, const void* weights, const void* bias) {
    const View<const T, 4> filters(static_cast<const T*>(weights),
                                   {layer.kh, layer.kw, layer.c / layer.groups, layer.o});
    return {{layer.n, layer.h, layer.w, layer.c},
            filters,
            {static_cast<const T*>(bias), {layer.o}},
            options_of(layer, way)};
  }

  convstep::ConvPlan<T> plan_;
};

// A gradient: of the input, from that of the output and packed weights; or of the weights.
template <class T>
class Gradient : public Work {
 public:
  Gradient(const BenchLayer& layer, int64_t way, const void* first, const void* second)
      : options_(options_of(layer, way)),
        is_input_(layer.kind == kBenchInputGrad),
        image_({layer.n, layer.h, layer.w, layer.c}),
        grad_({layer.n, layer.oh, layer.ow, layer.o}),
        weights_({layer.kh, layer.kw, layer.c / layer.groups, layer.o}) {
    copy(is_input_ ? first : second, grad_);
    copy(is_input_ ? second : first, is_input_ ? weights_ : image_);
    plan_ = std::make_unique<convstep::ConvBackwardPlan<T>>(image_.shape(), weights_, options_);
    description = is_input_ ? plan_->describe() : "conv_backward_weights, " + convstep::simd_target();
  }
  void run() override { is_input_ ? plan_->run_input(grad_, image_) : plan_->run_weights(grad_, image_, weights_); }
  void output(void* to) const override {
    const Tensor<T, 4>& from = is_input_ ? image_ : weights_;
    std::memcpy(to, from.data(), static_cast<size_t>(from.size()) * sizeof(T));
  }

 private:
  static void copy(const void* from, Tensor<T, 4>& to) {
    std::memcpy(to.data(), from, static_cast<size_t>(to.size()) * sizeof(T));
  }

  convstep::ConvOptions options_;
  bool is_input_;
  Tensor<T, 4> image_, grad_, weights_;
  std::unique_ptr<convstep::ConvBackwardPlan<T>> plan_;
};

convstep::PoolOptions pool_options_of(const BenchLayer& layer) {
  const bool is_average = layer.kind == kBenchAveragePool || layer.kind == kBenchAveragePoolGrad;
  return {.window = {layer.kh, layer.kw},
          .stride = {layer.stride, layer.stride},
          .mode = is_average ? convstep::PoolMode::kAverage : convstep::PoolMode::kMax,
          .padding = convstep::Padding::all(layer.pad),
          .dilation = {layer.dilation, layer.dilation},
          .threads = layer.threads};
}

template <class T>
class Pool : public TypedWork<T> {
 public:
  Pool(const BenchLayer& layer, const void* input) : TypedWork<T>(layer, input), options_(pool_options_of(layer)) {
    this->description = "pool_forward, " + convstep::simd_target();
  }
  void run() override { convstep::pool_forward(this->input_, this->output_, options_); }

 private:
  convstep::PoolOptions options_;
};

template <class T>
class PoolGradient : public TypedWork<T> {
 public:
  PoolGradient(const BenchLayer& layer, const void* input, const void* grad)
      : TypedWork<T>(layer, input),
        options_(pool_options_of(layer)),
        from_indices_(layer.kind == kBenchIndicesPoolGrad),
        grad_(this->output_.shape()),
        result_(this->input_.shape()) {
    std::memcpy(grad_.data(), grad, static_cast<size_t>(grad_.size()) * sizeof(T));
    if (from_indices_) {
      indices_ = Tensor<int64_t, 4>(grad_.shape());
      convstep::pool_forward(this->input_, this->output_, indices_, options_);
    }
    this->description = "pool_backward, " + convstep::simd_target();
  }
  void run() override {
    if (from_indices_) {
      convstep::pool_backward(grad_, indices_, result_, options_);
    } else {
      convstep::pool_backward(grad_, this->input_, result_, options_);
    }
  }
  void output(void* to) const override {
    std::memcpy(to, result_.data(), static_cast<size_t>(result_.size()) * sizeof(T));
  }

 private:
  convstep::PoolOptions options_;
  bool from_indices_;
  Tensor<T, 4> grad_, result_;
  Tensor<int64_t, 4> indices_;
};

int64_t pool_bytes(const BenchLayer& layer) {
  const int64_t image = layer.n * layer.h * layer.w * layer.c, output = layer.n * layer.oh * layer.ow * layer.o;
  const int64_t values = image + output + (layer.kind == kBenchMaxPoolGrad ? image : 0);
  const int64_t indices = layer.kind == kBenchIndicesPoolGrad ? output : 0;
  return values * layer.bytes + indices * static_cast<int64_t>(sizeof(int64_t));
}

// Half of the bytes that the layer reads and writes are copied, so that as many cross the bus.
class Memcpy : public Work {
 public:
  explicit Memcpy(const BenchLayer& layer) : bytes_(pool_bytes(layer) / 2), from_({bytes_}), to_({bytes_}) {
    this->description = "memcpy";
  }
  void run() override { std::memcpy(to_.data(), from_.data(), static_cast<size_t>(bytes_)); }
  void output(void*) const override {}

 private:
  int64_t bytes_;
  Tensor<char, 1> from_, to_;
};

template <class T>
std::unique_ptr<Work> make(const BenchLayer& layer, int64_t way, const void* input, const void* weights,
                           const void* bias) {
  if (way == kMemcpy) return std::make_unique<Memcpy>(layer);
  if (layer.kind == kBenchConv) return std::make_unique<Conv<T>>(layer, way, input, weights, bias);
  if (layer.kind == kBenchInputGrad || layer.kind == kBenchWeightsGrad) {
    return std::make_unique<Gradient<T>>(layer, way, input, weights);
  }
  if (layer.kind >= kBenchMaxPoolGrad) return std::make_unique<PoolGradient<T>>(layer, input, weights);
  return std::make_unique<Pool<T>>(layer, input);
}

}  // namespace

void* bench_create(const BenchLayer* layer, int64_t way, const void* input, const void* weights, const void* bias,
                   char* message, int64_t capacity) {
  const bool conv = layer->kind == kBenchConv || layer->kind == kBenchInputGrad || layer->kind == kBenchWeightsGrad;
  if (way < 0 || way >= kWays || (way == kDirect && !conv) || (way == kMemcpy && conv)) {
    std::snprintf(message, static_cast<size_t>(capacity), "no such way");
    return nullptr;
  }
  try {
    return (layer->bytes == sizeof(double) ? make<double>(*layer, way, input, weights, bias)
                                           : make<float>(*layer, way, input, weights, bias))
        .release();
  } catch (const std::exception& error) {
    std::snprintf(message, static_cast<size_t>(capacity), "%s", error.what());
    return nullptr;
  }
}

double bench_run(void* handle, int64_t repetitions) {
  try {
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < repetitions; ++i) static_cast<Work*>(handle)->run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } catch (const std::exception&) {
    return -1;
  }
}

void bench_output(void* handle, void* output) { static_cast<Work*>(handle)->output(output); }
const char* bench_describe(void* handle) { return static_cast<Work*>(handle)->description.c_str(); }
void bench_destroy(void* handle) { delete static_cast<Work*>(handle); }
int64_t bench_ways() { return kWays; }
const char* bench_version() { return convstep::version(); }
