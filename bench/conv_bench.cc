// conv_bench.cc: our own convolutions, method by method, beside what fused multiply-adds reach on this core in the same
// run. One thread. "of the ceiling" counts the multiplications of the definition, so that Winograd passes 100%.
#include <benchmark/benchmark.h>

#include <string>

#include "convstep/conv.h"
#include "native.h"

BENCH_EXPORT double bench_peak_flops(int64_t bytes);

namespace convstep {
namespace {

struct Layer {
  const char* name;
  int64_t side, channels, outputs, window, stride, groups = 1;
};

constexpr Layer kLayers[] = {
    {"3x3_64@56", 56, 64, 64, 3, 1},
    {"3x3_256@14", 14, 256, 256, 3, 1},
    {"3x3_512@7", 7, 512, 512, 3, 1},
    {"1x1_64_256@56", 56, 64, 256, 1, 1},
    {"1x1_1024_256@14", 14, 1024, 256, 1, 1},
    {"1x1_512_2048@7", 7, 512, 2048, 1, 1},
    {"3x3_128@56/2", 56, 128, 128, 3, 2},
    {"7x7_3_64@224/2", 224, 3, 64, 7, 2},
    {"3x3_3_64@224", 224, 3, 64, 3, 1},
    {"depthwise_128@56", 56, 128, 128, 3, 1, 128},
    {"depthwise_512@14", 14, 512, 512, 3, 1, 512},
    {"3x3_16_1@572", 572, 16, 1, 3, 1},
};

template <class T>
void run(benchmark::State& state, const Layer& layer, ConvAlgorithm algorithm) {
  const Tensor<T, 4> input({1, layer.side, layer.side, layer.channels});
  const Tensor<T, 4> weights({layer.window, layer.window, layer.channels / layer.groups, layer.outputs});
  const ConvOptions options{.stride = {layer.stride, layer.stride},
                            .padding = Padding::all(layer.window / 2),
                            .groups = layer.groups,
                            .algorithm = algorithm,
                            .threads = 1};
  Tensor<T, 4> output(conv_output_shape(input.shape(), weights.shape(), options));
  const ConvPlan<T> plan(input.shape(), weights, {}, options);
  for (auto _ : state) plan.run(input, output);
  const double products = static_cast<double>(output.size() * weights.size() / layer.outputs);
  static const double peak = bench_peak_flops(sizeof(T));
  state.counters["GF/s"] = benchmark::Counter(2e-9 * products, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of the ceiling"] =
      benchmark::Counter(2 * products / peak, benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(plan.describe());
}

// The first call of a layer: plan, packing, run.
template <class T>
void run_one_shot(benchmark::State& state, const Layer& layer) {
  const Tensor<T, 4> input({1, layer.side, layer.side, layer.channels});
  const Tensor<T, 4> weights({layer.window, layer.window, layer.channels / layer.groups, layer.outputs});
  const ConvOptions options{.stride = {layer.stride, layer.stride},
                            .padding = Padding::all(layer.window / 2),
                            .groups = layer.groups,
                            .threads = 1};
  Tensor<T, 4> output(conv_output_shape(input.shape(), weights.shape(), options));
  for (auto _ : state) conv_forward(input, weights, {}, output, options);
}

// Plan and packing alone.
template <class T>
void run_plan(benchmark::State& state, const Layer& layer) {
  const Tensor<T, 4> weights({layer.window, layer.window, layer.channels / layer.groups, layer.outputs});
  const ConvOptions options{.stride = {layer.stride, layer.stride},
                            .padding = Padding::all(layer.window / 2),
                            .groups = layer.groups,
                            .threads = 1};
  const Shape<4> input{1, layer.side, layer.side, layer.channels};
  for (auto _ : state) benchmark::DoNotOptimize(ConvPlan<T>(input, weights, {}, options));
}

template <class T>
void register_type(const std::string& type) {
  for (const Layer& layer : kLayers) {
    const std::string name = layer.name + ("/" + type);
    benchmark::RegisterBenchmark((name + "/auto").c_str(), run<T>, layer, ConvAlgorithm::kAuto);
    benchmark::RegisterBenchmark((name + "/direct").c_str(), run<T>, layer, ConvAlgorithm::kDirect);
    benchmark::RegisterBenchmark((name + "/one-shot").c_str(), run_one_shot<T>, layer);
    benchmark::RegisterBenchmark((name + "/plan").c_str(), run_plan<T>, layer);
  }
}

}  // namespace
}  // namespace convstep

int main(int argc, char** argv) {
  convstep::register_type<float>("f32");
  convstep::register_type<double>("f64");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
