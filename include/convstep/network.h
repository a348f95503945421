// network.h: layers put together. A Network is built by hand, here, or read from a file (network_file.h, onnx.h).
//
//   using namespace convstep;
//   const Network<float> network({28, 28, 1},  // images (H, W, C)
//                                {layers::Conv{.filters = 16, .window = 3, .activation = Activation::kRelu},
//                                 layers::Pool{.window = 2, .stride = 2},
//                                 layers::Flatten{},
//                                 layers::Linear{.outputs = 10}},
//                                1);  // the seed of its weights
//   // Packs the weights and lays out memory; what can throw does so here.
//   const NetworkPlan<float> plan = network.plan({1, 28, 28, 1});
//   Tensor<float, 4> image({1, 28, 28, 1});
//   Tensor<float, 2> scores({1, 10});
//   plan.run(image, scores);  // const, by many threads at once
//   std::cout << plan.describe();
//
// As a graph, whose values are handles:
//
//   NetworkBuilder<float> build;
//   const auto image = build.input({56, 56, 64});
//   const auto sums = build.conv(image, weights, bias, {.padding = 1});
//   build.output(build.activation(build.add(sums, image), Activation::kRelu));
//   const Network<float> network = build.network();
//
// What is computed is what the layers compute one after the other, with the same bits: a residual and an activation
// that become part of the convolution before them change none. Batch normalisation and other multiples and shifts of
// channels become part of the weights beside them, which rounds otherwise; NetworkOptions::keep_roundings keeps them
// apart. All bits are the same for any number of threads, any batch, and every SIMD target with fused multiply-add.
//
// Images are (N, H, W, C). N is any number, and so are the others as far as the layers allow; there is a plan for each
// shape.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "convstep/activation.h"
#include "convstep/conv.h"
#include "convstep/linear.h"
#include "convstep/pool.h"
#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace CONVSTEP_EXPORT convstep {

// A borrowed array of any number of axes up to kMostAxes: of a network's T, or of whole numbers (positions, classes).
// Every View and Tensor of these is one.
template <class T>
class NetworkArray {
  using Real = std::remove_const_t<T>;

 public:
  static constexpr int kMostAxes = 8;
  // What it may look at.
  template <class U>
  static constexpr bool kCanView = (std::is_same_v<std::remove_const_t<U>, Real> ||
                                    std::is_same_v<std::remove_const_t<U>, int64_t>)&&(std::is_const_v<T> ||
                                                                                       !std::is_const_v<U>);

  template <class U, int Rank>
  requires(kCanView<U>&& Rank <= kMostAxes) NetworkArray(const View<U, Rank>& view)
      : NetworkArray(view.data(), view.shape(), view.strides()) {}
  template <class U, int Rank>
  requires(kCanView<U>&& Rank <= kMostAxes) NetworkArray(Tensor<U, Rank>& tensor) : NetworkArray(tensor.view()) {}
  template <class U, int Rank>
  requires(kCanView<const U>&& Rank <= kMostAxes) NetworkArray(const Tensor<U, Rank>& tensor)
      : NetworkArray(tensor.view()) {}
  // Of as many axes as there are numbers. Throws ShapeError where these are too many, or not the same for both.
  template <class U>
  requires(kCanView<U>) NetworkArray(U* data, std::span<const int64_t> shape, std::span<const int64_t> strides)
      : data_(const_cast<std::remove_const_t<U>*>(data)), is_integer_(std::is_same_v<std::remove_const_t<U>, int64_t>) {
    set_axes(shape, strides);
  }

  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<U, Real>) NetworkArray(const NetworkArray<U>& other)
      : data_(other.data()), is_integer_(other.is_integer()) {
    set_axes(other.shape(), other.strides());
  }

  void* data() const { return data_; }
  bool is_integer() const { return is_integer_; }
  std::span<const int64_t> shape() const { return {shape_, static_cast<size_t>(rank_)}; }
  std::span<const int64_t> strides() const { return {strides_, static_cast<size_t>(rank_)}; }

 private:
  void set_axes(std::span<const int64_t> shape, std::span<const int64_t> strides);

  void* data_;
  bool is_integer_;
  int rank_ = 0;
  int64_t shape_[kMostAxes] = {}, strides_[kMostAxes] = {};
};

// An output of a network, dense in row-major order.
template <class T>
class NetworkOutput {
 public:
  NetworkOutput(std::vector<int64_t> shape, bool is_integer);

  const std::vector<int64_t>& shape() const { return shape_; }
  bool is_integer() const { return is_integer_; }
  std::span<const T> values() const { return values_; }            // empty where it is_integer()
  std::span<const int64_t> integers() const { return integers_; }  // empty where it is not
  // Throws ShapeError where it has not so many axes, or no real numbers.
  template <int Rank>
  View<const T, Rank> view() const {
    Shape<Rank> shape;
    check_axes(Rank);
    std::copy_n(shape_.begin(), Rank, shape.begin());
    return {values_.data(), shape};
  }
  NetworkArray<T> array();  // to write to

 private:
  void check_axes(int rank) const;

  std::vector<int64_t> shape_;
  bool is_integer_;
  Tensor<T, 1> values_;
  Tensor<int64_t, 1> integers_;
};

// What a network reads or writes. A length that is free is -1, and all are in outputs whose shapes follow from inputs.
struct NetworkArrayInfo {
  std::string name;
  std::vector<int64_t> shape;
  bool is_integer = false;
  // Of a network's inputs, for a first look: that which it was built for, or else the declared one, with one image.
  // None where more than N is free.
  std::optional<std::vector<int64_t>> usual_shape = std::nullopt;
};

// One step of a plan.
struct NetworkStep {
  std::string name;       // "Conv 'conv1'"
  std::string operation;  // as ONNX calls it: "Conv"
  std::string method;     // for people: "direct 7x64, avx512"
  std::vector<int64_t> output_shape;
  int64_t parameters = 0;
  double multiply_adds = 0;
  int64_t output_bytes = 0;
  double seconds = 0;  // where it was measured
};

template <class T>
class Network;

// A network made ready for inputs of given shapes.
template <class T>
class NetworkPlan {
 public:
  ~NetworkPlan();
  NetworkPlan(NetworkPlan&&) noexcept;
  NetworkPlan& operator=(NetworkPlan&&) noexcept;

  // Inputs are read where they lie; outputs are written in full, and share no element with inputs or each other. May be
  // called by many threads at once, each of which has memory_bytes() of its own then; that memory is kept, and nothing
  // but it is allocated. Throws ShapeError or ParameterError before anything is written, and what progress throws.
  void run(const NetworkArray<const T>& input, const NetworkArray<T>& output, const RunOptions& options = {}) const;
  void run(std::span<const NetworkArray<const T>> inputs, std::span<const NetworkArray<T>> outputs,
           const RunOptions& options = {}) const;
  void run(std::initializer_list<NetworkArray<const T>> inputs, std::initializer_list<NetworkArray<T>> outputs,
           const RunOptions& options = {}) const;

  std::vector<NetworkArrayInfo> inputs() const;
  std::vector<NetworkArrayInfo> outputs() const;
  // Of what lies between inputs and outputs.
  size_t memory_bytes() const;
  std::vector<NetworkStep> steps() const;
  // The same, each with the shortest time of so many runs on numbers between -1 and 1.
  std::vector<NetworkStep> measured_steps(Count runs = 5, const RunOptions& options = {}) const;
  // Tables of them, with a line for the sums.
  std::string describe() const;
  std::string profile(Count runs = 5, const RunOptions& options = {}) const;

 private:
  friend class Network<T>;
  struct State;
  explicit NetworkPlan(std::shared_ptr<const State> state);
  void run_timed(std::span<const NetworkArray<const T>> inputs, std::span<const NetworkArray<T>> outputs,
                 const RunOptions& options, std::span<double> seconds) const;
  std::shared_ptr<const State> state_;
};
extern template class NetworkPlan<float>;
extern template class NetworkPlan<double>;

struct NetworkOptions {
  // Leave batch normalisation, and what else multiplies and shifts channels, apart from the weights beside it.
  bool keep_roundings = false;
};

struct NetworkPlanOptions {
  // The most that memory_bytes() of the plan may be; 0: no matter. Where the arrays between inputs and outputs would
  // take more, convolutions, poolings and operations by element that follow one another run in bands of rows, image by
  // image, with the same bits. Operations that need a whole image at once (a global pooling, Softmax, Resize) find it
  // in memory. ParameterError where less is asked for than that takes.
  int64_t memory_bytes = 0;
};

namespace layers {

// Weights to begin with, drawn evenly from -limit to limit: the same numbers on every machine.
enum class Initializer {
  kAuto,   // kGlorot before kSigmoid and kTanh, else kHe
  kHe,     // limit = sqrt(6 / inputs of a sum)
  kGlorot  // limit = sqrt(6 / (inputs of a sum + sums that an input is part of))
};

// Options are those of conv.h; biases begin with 0.
struct Conv {
  int64_t filters;
  Size2 window{1, 1};
  Size2 stride{1, 1};
  Padding padding{};
  Size2 dilation{1, 1};
  Count groups = 1;
  Activation activation = Activation::kNone;
  double slope = 0.01;
  bool has_bias = true;
  Initializer initializer = Initializer::kAuto;
};
// Those of pool.h.
struct Pool {
  Size2 window{1, 1};
  Size2 stride{1, 1};
  PoolMode mode = PoolMode::kMax;
  Padding padding{};
  Size2 dilation{1, 1};
  bool ceil_mode = false;
  bool count_include_pad = false;
};
struct GlobalPool {  // (N, 1, 1, C)
  PoolMode mode = PoolMode::kAverage;
};
struct Flatten {};  // (N, H*W*C)
struct Linear {
  int64_t outputs;
  Activation activation = Activation::kNone;
  double slope = 0.01;
  bool has_bias = true;
  Initializer initializer = Initializer::kAuto;
};
struct Activate {
  Activation activation;
  double slope = 0.01;
};
struct Softmax {};  // over the channels, or columns

}  // namespace layers

using NetworkLayer = std::variant<layers::Conv, layers::Pool, layers::GlobalPool, layers::Flatten, layers::Linear,
                                  layers::Activate, layers::Softmax>;

// Builds a network value by value. All functions throw ShapeError or ParameterError.
template <class T>
class NetworkBuilder {
 public:
  // A handle of what a layer gives, of this builder alone.
  struct Value {
    int32_t index;
  };

  // `seed` is that of the weights of layers that have none yet.
  explicit NetworkBuilder(uint64_t seed = 0);
  ~NetworkBuilder();
  NetworkBuilder(NetworkBuilder&&) noexcept;
  NetworkBuilder& operator=(NetworkBuilder&&) noexcept;

  // Images (H, W, C), or rows of so many numbers. Images of other sizes are welcome later, where the layers allow it.
  Value input(const Shape<3>& image, const std::string& name = "input");
  Value input_rows(Count columns, const std::string& name = "input");

  // A layer with weights to begin with. Without a name it is called "conv1", "linear2", ...
  Value layer(Value x, const NetworkLayer& layer, const std::string& name = "");
  // With these, which are copied: as in conv.h and linear.h.
  Value conv(Value x, View<const T, 4> weights, View<const T, 1> bias, const ConvOptions& options = {},
             const std::string& name = "");
  Value linear(Value x, View<const T, 2> weights, View<const T, 1> bias, const LinearOptions& options = {},
               const std::string& name = "");
  // (x - mean[c]) * scale[c] / sqrt(variance[c] + epsilon) + shift[c]
  Value batch_normalization(Value x, View<const T, 1> scale, View<const T, 1> shift, View<const T, 1> mean,
                            View<const T, 1> variance, double epsilon = 1e-5, const std::string& name = "");
  Value pool(Value x, const PoolOptions& options, const std::string& name = "");
  Value global_pool(Value x, PoolMode mode = PoolMode::kAverage, const std::string& name = "");
  Value activation(Value x, Activation activation, double slope = 0.01, const std::string& name = "");
  Value softmax(Value x, const std::string& name = "");
  Value flatten(Value x, const std::string& name = "");
  // Of one shape, element by element.
  Value add(Value a, Value b, const std::string& name = "");
  Value multiply(Value a, Value b, const std::string& name = "");
  // Channel after channel, or column after column.
  Value concat(std::span<const Value> values, const std::string& name = "");
  Value concat(std::initializer_list<Value> values, const std::string& name = "");

  // (N, H, W, C) or (N, C), where N is 1.
  std::vector<int64_t> shape(Value x) const;

  void output(Value x, const std::string& name = "output");
  // Of all that was built. Throws ParameterError where there is no output.
  Network<T> network(const NetworkOptions& options = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};
extern template class NetworkBuilder<float>;
extern template class NetworkBuilder<double>;

// Cheap to copy: copies share weights and plans.
template <class T>
class Network {
 public:
  // Layer after layer, for images (H, W, C).
  Network(const Shape<3>& image, std::span<const NetworkLayer> layers, uint64_t seed = 0,
          const NetworkOptions& options = {});
  Network(const Shape<3>& image, std::initializer_list<NetworkLayer> layers, uint64_t seed = 0,
          const NetworkOptions& options = {});
  // The same for rows of so many numbers.
  static Network of_rows(Count columns, std::span<const NetworkLayer> layers, uint64_t seed = 0,
                         const NetworkOptions& options = {});
  ~Network();
  Network(const Network&);
  Network(Network&&) noexcept;
  Network& operator=(const Network&);
  Network& operator=(Network&&) noexcept;

  // For inputs of these shapes, N included, on the SIMD target in use. Throws ShapeError or ParameterError, which name
  // the layer, and std::bad_alloc.
  NetworkPlan<T> plan(const std::vector<int64_t>& input, const NetworkPlanOptions& options = {}) const;
  NetworkPlan<T> plan(std::span<const std::vector<int64_t>> inputs, const NetworkPlanOptions& options = {}) const;

  // Such a plan out of those that the network and its copies keep, or a new one, which they keep from now on: the
  // kPlans that were asked for last, by shapes, memory_bytes and target. May be called by many threads at once.
  static constexpr size_t kPlans = 4;
  std::shared_ptr<const NetworkPlan<T>> kept_plan(std::span<const std::vector<int64_t>> inputs,
                                                  const NetworkPlanOptions& options = {}) const;
  // Takes the kept_plan() for what it is given, and runs it.
  NetworkOutput<T> run(const NetworkArray<const T>& input, const RunOptions& options = {}) const;
  std::vector<NetworkOutput<T>> run(std::span<const NetworkArray<const T>> inputs,
                                    const RunOptions& options = {}) const;

  std::vector<NetworkArrayInfo> inputs() const;
  std::vector<NetworkArrayInfo> outputs() const;
  // Numbers in all weights.
  int64_t parameters() const;
  // Those of a plan for the inputs' usual shapes. Throw ParameterError where one of them is not known.
  std::string describe() const;
  std::string profile(Count runs = 5, const RunOptions& options = {}) const;
  // The graph as a text, for inputs of these shapes: as it was built or read, and after each pass that changes it.
  std::string describe_passes(std::span<const std::vector<int64_t>> inputs) const;

  // For what reads and writes networks (src/network/state.h).
  struct State;
  explicit Network(std::shared_ptr<const State> state);
  const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};
extern template class Network<float>;
extern template class Network<double>;

}  // namespace convstep
