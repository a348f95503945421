// pool_bench.cc: our own pooling on the shapes of well-known networks, beside memcpy of as many bytes as are read and
// written. Name: layer, then batch. One thread.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "convstep/pool.h"

namespace convstep {
namespace {

struct Layer {
  const char* name;
  int64_t channels, side, window, stride, padding;
  PoolMode mode = PoolMode::kMax;
};

constexpr Layer kLayers[] = {
    {"64@112_3/2", 64, 112, 3, 2, 1},
    {"64@224_2/2", 64, 224, 2, 2, 0},
    {"192@28_3/1/1", 192, 28, 3, 1, 1},
    {"832@7_3/1/1", 832, 7, 3, 1, 1},
    {"2048@7_global", 2048, 7, 7, 7, 0},
    {"512@20_5", 512, 20, 5, 1, 2},
    {"512@20_9", 512, 20, 9, 1, 4},
    {"512@20_13", 512, 20, 13, 1, 6},
    {"3@448_2/2", 3, 448, 2, 2, 0},
    {"average_2048@7_global", 2048, 7, 7, 7, 0, PoolMode::kAverage},
    {"average_64@112_2/2", 64, 112, 2, 2, 0, PoolMode::kAverage},
    {"average_192@28_3/1/1", 192, 28, 3, 1, 1, PoolMode::kAverage},
    {"average_512@20_13", 512, 20, 13, 1, 6, PoolMode::kAverage},
};

template <class T>
struct Arrays {
  Arrays(const Layer& layer, int64_t batch)
      : options{.window = {layer.window, layer.window},
                .stride = {layer.stride, layer.stride},
                .mode = layer.mode,
                .padding = Padding::all(layer.padding),
                .threads = 1},
        input(Tensor<T, 4>::uninitialized({batch, layer.side, layer.side, layer.channels})),
        output(pool_output_shape(input.shape(), options)) {
    for (int64_t i = 0; i < input.size(); ++i) input.data()[i] = static_cast<T>(i * 7919 % 8191) - 4095;
  }
  int64_t bytes() const { return (input.size() + output.size()) * static_cast<int64_t>(sizeof(T)); }

  PoolOptions options;
  Tensor<T, 4> input, output;
};

template <class T>
void run_ours(benchmark::State& state, const Layer& layer, int64_t batch) {
  Arrays<T> arrays(layer, batch);
  for (auto _ : state) pool_forward(arrays.input, arrays.output, arrays.options);
  state.SetBytesProcessed(state.iterations() * arrays.bytes());
}

// Half of the bytes read, half written.
void run_memcpy(benchmark::State& state, const Layer& layer, int64_t batch) {
  const Arrays<float> arrays(layer, batch);
  const size_t half = static_cast<size_t>(arrays.bytes()) / 2;
  std::vector<char> from(half, 1), to(half);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), half);
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(2 * half));
}

void register_all() {
  for (const Layer& layer : kLayers) {
    for (const int64_t batch : {1, 8}) {
      const std::string name = std::string(layer.name) + "/N" + std::to_string(batch);
      benchmark::RegisterBenchmark((name + "/memcpy").c_str(), run_memcpy, layer, batch);
      benchmark::RegisterBenchmark((name + "/f32").c_str(), run_ours<float>, layer, batch);
      benchmark::RegisterBenchmark((name + "/f64").c_str(), run_ours<double>, layer, batch);
    }
  }
  // The notebook's: what a call costs.
  static constexpr Layer kTiny{"3@5_2/2", 3, 5, 2, 2, 0};
  benchmark::RegisterBenchmark("3@5_2/2/N2/f64", run_ours<double>, kTiny, 2);
}

}  // namespace
}  // namespace convstep

int main(int argc, char** argv) {
  convstep::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
