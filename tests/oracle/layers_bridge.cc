// layers_bridge.cc: lets the Python tests call the layers over standard input and output. All numbers little-endian.
//
//   request   one line "OPERATION DTYPE key=value ...", then the raw elements of the arrays it announces, each dense in
//             row-major order: "input=1,5,5,2" announces a shape; the order is input, weights, bias, residual.
//             "input.strides=50,10,2,1" asks for that layout in memory; without it the view is the dense one.
//             "output=1,3,3,2" (and "output.strides") is where the result goes; it is never sent.
//   answer    "ok SHAPE" and the elements of the output (then those of the indices, where they were asked for),
//             or "error TYPE<tab>ARGUMENT<tab>MESSAGE", or "broken WHAT" where the call broke a promise that holds for
//             every call: inputs are not modified, nothing is written beside the output, all of it is written, nothing
//             at all on an error.
#include "tests/oracle/layers_bridge.h"

#include "convstep/convstep.h"

namespace convstep {
namespace {

// The arrays of one request, the call, and what it promised.
template <class T>
class Call {
 public:
  explicit Call(const Request& request)
      : request_(request),
        input_(request, "input"),
        weights_(request, "weights"),
        bias_(request, "bias"),
        residual_(request, "residual"),
        output_(request, "output"),
        indices_(request, "indices") {
    for (auto* array : {&input_, &weights_}) array->read();
    bias_.read();
    residual_.read();
    if (request.has("in_place")) output_.fill(residual_.view() ? residual_ : input_);
  }

  void answer() {
    std::string error;
    try {
      run();
    } catch (const ShapeError& e) {
      error = "ShapeError\t" + e.argument() + "\t" + e.what();
    } catch (const ParameterError& e) {
      error = "ParameterError\t" + e.argument() + "\t" + e.what();
    }
    input_.check_unchanged("input");
    weights_.check_unchanged("weights");
    bias_.check_unchanged("bias");
    residual_.check_unchanged("residual");
    output_.check_written("output", error.empty());
    indices_.check_written("indices", error.empty());
    if (!error.empty()) {
      std::cout << "error " << error << "\n";
      return;
    }
    if (last_done_ != last_total_) throw Broken("progress ended before the end");
    std::cout << "ok " << to_string(output_.view().shape()) << "\n";
    output_.write();
    indices_.write();
  }

 private:
  void run() {
    const std::string& name = request_.operation;
    if (name == "zero_pad") return zero_pad(input_.const_view(), output_.view(), request_.padding());
    if (name == "zero_pad_notebook") return copy_result(zero_pad(input_.const_view(), request_.integer("pad", 0)));
    if (name == "activation_forward") return run_activation();
    if (name == "conv_forward") return run_conv();
    if (name == "conv_forward_notebook") return run_conv_notebook();
    if (name == "conv_single_step") return run_single_step();
    if (name == "pool_forward") return run_pool();
    if (name == "pool_forward_notebook") return run_pool_notebook();
    throw Broken("unknown operation " + name);
  }

  ProgressCallback progress() {
    if (!request_.has("progress")) return {};
    return [this](int64_t done, int64_t total) {
      if (done <= last_done_ || done > total) throw Broken("progress does not grow towards the total");
      last_done_ = done;
      last_total_ = total;
    };
  }

  Activation activation() const { return static_cast<Activation>(request_.integer("activation", 0)); }

  void run_activation() {
    const bool in_place = request_.has("in_place");
    activation_forward(in_place ? View<const T, 4>(output_.view()) : input_.const_view(), output_.view(), activation(),
                       request_.real("slope", 0.01));
  }

  void run_conv() {
    const ConvOptions options{.stride = request_.size("stride"),
                              .padding = request_.padding(),
                              .dilation = request_.size("dilation"),
                              .groups = request_.integer("groups", 1),
                              .activation = activation(),
                              .slope = request_.real("slope", 0.01),
                              .numerics = static_cast<Numerics>(request_.integer("numerics", 0)),
                              .algorithm = static_cast<ConvAlgorithm>(request_.integer("algorithm", 0)),
                              .progress = progress()};
    const auto& residual = request_.has("in_place") ? output_ : residual_;
    conv_forward(input_.const_view(), weights_.const_view(), bias_.const_view(), output_.view(), options,
                 residual.const_view());
    check_shape(conv_output_shape(input_.view().shape(), weights_.view().shape(), options));
  }

  void run_conv_notebook() {
    const View<const T, 1> bias = bias_.const_view();
    const View<const T, 4> b(bias.data(), {1, 1, 1, bias.shape(0)}, {0, 0, 0, bias.stride(0)});
    const ConvHparameters hparameters{request_.integer("stride", 1), request_.integer("pad", 0)};
    const auto [Z, cache] = conv_forward(input_.const_view(), weights_.const_view(), b, hparameters);
    if (cache.A_prev.data() != input_.view().data() || cache.W.data() != weights_.view().data() ||
        cache.b.data() != b.data() || cache.hparameters.stride != hparameters.stride ||
        cache.hparameters.pad != hparameters.pad) {
      throw Broken("the cache does not hold what was passed in");
    }
    copy_result(Z);
  }

  void run_single_step() {
    const auto volume = [](const Buffer<T, 4>& array) { return array.const_view()[0]; };
    const View<const T, 3> b(bias_.view().data(), {1, 1, bias_.view().shape(0)});
    *output_.view().data() = conv_single_step(volume(input_), volume(weights_), b);
  }

  void run_pool() {
    const PoolOptions options{.window = request_.size("window"),
                              .stride = request_.size("stride"),
                              .mode = static_cast<PoolMode>(request_.integer("mode", 0)),
                              .padding = request_.padding(),
                              .dilation = request_.size("dilation"),
                              .ceil_mode = request_.has("ceil_mode"),
                              .count_include_pad = request_.has("count_include_pad"),
                              .p = request_.real("p", 2),
                              .numerics = static_cast<Numerics>(request_.integer("numerics", 0)),
                              .progress = progress()};
    if (request_.has("indices")) {
      pool_forward(input_.const_view(), output_.view(), indices_.view(), options);
    } else {
      pool_forward(input_.const_view(), output_.view(), options);
    }
    check_shape(pool_output_shape(input_.view().shape(), options));
  }

  void run_pool_notebook() {
    const PoolHparameters hparameters{request_.integer("stride", 1), request_.integer("f", 1)};
    const auto [A, cache] = pool_forward(input_.const_view(), hparameters, request_.text("mode"));
    if (cache.A_prev.data() != input_.view().data() || cache.hparameters.stride != hparameters.stride ||
        cache.hparameters.f != hparameters.f) {
      throw Broken("the cache does not hold what was passed in");
    }
    copy_result(A);
  }

  void check_shape(const Shape<4>& computed) const {
    if (computed != output_.view().shape()) throw Broken("output shape " + to_string(computed));
  }

  void copy_result(const Tensor<T, 4>& result) {
    check_shape(result.shape());
    const std::vector<T*> elements = output_.elements();
    for (size_t i = 0; i < elements.size(); ++i) *elements[i] = result.data()[i];
  }

  const Request& request_;
  Buffer<T, 4> input_, weights_;
  Buffer<T, 1> bias_;
  Buffer<T, 4> residual_, output_;
  Buffer<int64_t, 4> indices_;
  int64_t last_done_ = 0, last_total_ = 0;
};

void serve(const Request& request) try {
  if (request.dtype == "float32") {
    Call<float>(request).answer();
  } else {
    Call<double>(request).answer();
  }
} catch (const std::exception& e) {
  std::cout << "broken " << e.what() << "\n";
}

}  // namespace
}  // namespace convstep

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) convstep::serve(convstep::Request(line));
  return std::cin.bad() || !std::cout.flush() ? 1 : 0;
}
