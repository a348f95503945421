// backward_bridge.cc: lets the Python tests call the gradients over standard input and output, as layers_bridge.cc does
// the layers. "grad" is the gradient of the outputs, "where" the indices of maxima. "start" is what the output holds
// before the call, which is then told to accumulate. Where the output is the gradient of biases, "weights_shape" is
// that of the weights.
#include "convstep/convstep.h"
#include "tests/oracle/layers_bridge.h"

namespace convstep {
namespace {

template <class T>
class Call {
 public:
  explicit Call(const Request& request)
      : request_(request),
        input_(request, "input"),
        weights_(request, "weights"),
        grad_(request, "grad"),
        where_(request, "where"),
        start_(request, "start"),
        output_(request, "output") {
    input_.read();
    weights_.read();
    grad_.read();
    where_.read();
    start_.read();
    if (accumulates()) output_.fill(start_);
    if (is_in_place_of("grad")) output_.fill(grad_);
    if (is_in_place_of("input")) output_.fill(input_);
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
    grad_.check_unchanged("grad");
    where_.check_unchanged("where");
    output_.check_written("output", error.empty());
    if (!error.empty()) {
      std::cout << "error " << error << "\n";
      return;
    }
    if (last_done_ != last_total_) throw Broken("progress ended before the end");
    std::cout << "ok " << to_string(output_.view().shape()) << "\n";
    output_.write();
  }

 private:
  void run() {
    const std::string& name = request_.operation;
    if (name == "conv_backward_input") {
      return conv_backward_input(grad_.const_view(), weights_.const_view(), output_.view(), conv_options(),
                                 accumulates());
    }
    if (name == "conv_backward_weights" || name == "conv_backward_bias") return run_conv_weights();
    if (name == "pool_backward" || name == "pool_backward_by_indices") return run_pool();
    if (name == "zero_pad_backward") {
      return zero_pad_backward(grad_.const_view(), output_.view(), request_.padding());
    }
    if (name == "activation_backward") return run_activation();
    if (name == "conv_backward_notebook") return run_conv_notebook();
    if (name == "pool_backward_notebook") return run_pool_notebook();
    throw Broken("unknown operation " + name);
  }

  bool accumulates() const { return request_.has("start"); }
  bool is_in_place_of(const char* array) const {
    return request_.has("in_place_of") && request_.text("in_place_of") == array;
  }

  // `strictly`: what has been done grows with every report.
  ProgressCallback progress(bool strictly) {
    if (!request_.has("progress")) return {};
    return [this, strictly](int64_t done, int64_t total) {
      if (done < last_done_ + strictly || done > total) throw Broken("progress does not grow towards the total");
      last_done_ = done;
      last_total_ = total;
    };
  }

  ConvOptions conv_options() {
    return {.stride = request_.size("stride"),
            .padding = request_.padding(),
            .dilation = request_.size("dilation"),
            .groups = request_.integer("groups", 1),
            .activation = static_cast<Activation>(request_.integer("activation", 0)),
            .numerics = static_cast<Numerics>(request_.integer("numerics", 0)),
            .algorithm = static_cast<ConvAlgorithm>(request_.integer("algorithm", 0)),
            .threads = request_.integer("threads", 0),
            .progress = progress(false)};
  }

  // The gradients of the weights, or those of the bias, are the output.
  void run_conv_weights() {
    if (request_.operation == "conv_backward_weights") {
      return conv_backward_weights(grad_.const_view(), input_.const_view(), output_.view(), View<T, 1>(),
                                   conv_options(), accumulates());
    }
    Tensor<T, 4> unwanted(request_.integers<4>("weights_shape"));
    const View<T, 4>& output = output_.view();
    const View<T, 1> bias(output.data(), {output.shape(3)}, {output.stride(3)});
    conv_backward_weights(grad_.const_view(), input_.const_view(), unwanted.view(), bias, conv_options(),
                          accumulates());
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
                              .progress = progress(true)};
    if (request_.operation == "pool_backward_by_indices") {
      return pool_backward(grad_.const_view(), where_.const_view(), output_.view(), options, accumulates());
    }
    pool_backward(grad_.const_view(), input_.const_view(), output_.view(), options,
                  static_cast<PoolTies>(request_.integer("ties", 0)), accumulates());
  }

  void run_activation() {
    const auto& grad = is_in_place_of("grad") ? output_ : grad_;
    const auto& input = is_in_place_of("input") ? output_ : input_;
    activation_backward(grad.const_view(), input.const_view(), output_.view(),
                        static_cast<Activation>(request_.integer("activation", 0)), request_.real("slope", 0.01));
  }

  // "of" says which of the gradients is the output.
  void run_conv_notebook() {
    const ConvCache<T> cache{input_.const_view(),
                             weights_.const_view(),
                             {},
                             {.stride = request_.integer("stride", 1), .pad = request_.integer("pad", 0)}};
    const auto [dA_prev, dW, db] = conv_backward(grad_.const_view(), cache);
    const std::string& of = request_.text("of");
    copy_result(of == "dA_prev" ? dA_prev : of == "dW" ? dW : db);
  }

  void run_pool_notebook() {
    const PoolCache<T> cache{input_.const_view(), {request_.integer("stride", 1), request_.integer("f", 1)}};
    copy_result(pool_backward(grad_.const_view(), cache, request_.text("mode")));
  }

  void copy_result(const Tensor<T, 4>& result) {
    if (result.shape() != output_.view().shape()) throw Broken("output shape " + to_string(result.shape()));
    const std::vector<T*> elements = output_.elements();
    for (size_t i = 0; i < elements.size(); ++i) *elements[i] = result.data()[i];
  }

  const Request& request_;
  Buffer<T, 4> input_, weights_, grad_;
  Buffer<int64_t, 4> where_;
  Buffer<T, 4> start_, output_;
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
