// Any bytes, taken for a model: what can be read is planned, and run, within limits of memory, where it is small. All
// of it must end in numbers or in an error of ours. (What a file's constants take to compute is bounded by the memory
// alone that ASAN_OPTIONS=max_allocation_size_mb allows; see the Makefile.)
#include <cstdint>
#include <new>
#include <span>
#include <stdexcept>
#include <vector>

#include "convstep/error.h"
#include "convstep/network.h"
#include "convstep/onnx.h"

namespace {

using convstep::Network;
using convstep::NetworkArray;
using convstep::NetworkArrayInfo;
using convstep::NetworkOutput;
using convstep::NetworkPlan;

constexpr int64_t kMostElements = 1 << 14, kMostMemory = 1 << 24;
constexpr double kMostMultiplyAdds = 1e7;

int64_t elements_of(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t length : shape) {
    if (length != 0 && count > kMostElements / length) return kMostElements + 1;
    count *= length;
  }
  return count;
}

// Free lengths become 1, 2, 3, ...; empty where an input is large.
std::vector<std::vector<int64_t>> small_shapes(const Network<float>& network) {
  std::vector<std::vector<int64_t>> shapes;
  for (const NetworkArrayInfo& input : network.inputs()) {
    std::vector<int64_t> shape = input.shape;
    int64_t next = 1;
    for (int64_t& length : shape) {
      if (length < 0) length = next++;
    }
    if (elements_of(shape) > kMostElements) return {};
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

bool is_small(const NetworkPlan<float>& plan) {
  double multiply_adds = 0, bytes = 0;
  for (const convstep::NetworkStep& step : plan.steps()) {
    multiply_adds += step.multiply_adds;
    bytes += static_cast<double>(step.output_bytes);
  }
  return multiply_adds <= kMostMultiplyAdds && bytes <= static_cast<double>(kMostMemory);
}

void run(const NetworkPlan<float>& plan) {
  std::vector<NetworkOutput<float>> inputs, outputs;
  for (const NetworkArrayInfo& info : plan.inputs()) inputs.emplace_back(info.shape, info.is_integer);
  for (const NetworkArrayInfo& info : plan.outputs()) outputs.emplace_back(info.shape, info.is_integer);
  std::vector<NetworkArray<const float>> from;
  std::vector<NetworkArray<float>> to;
  for (NetworkOutput<float>& input : inputs) {
    const NetworkArray<float> array = input.array();
    const size_t count = input.is_integer() ? input.integers().size() : input.values().size();
    for (size_t i = 0; i < count; ++i) {
      if (input.is_integer()) {
        static_cast<int64_t*>(array.data())[i] = static_cast<int64_t>(i % 3) - 1;
      } else {
        static_cast<float*>(array.data())[i] = static_cast<float>(i % 7) - 3;
      }
    }
    from.push_back(array);
  }
  for (NetworkOutput<float>& output : outputs) to.push_back(output.array());
  plan.run(from, to, {.threads = 1});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    const Network<float> network = convstep::load_onnx<float>(std::span(bytes, size));
    const std::vector<std::vector<int64_t>> shapes = small_shapes(network);
    if (shapes.size() != network.inputs().size()) return 0;
    for (const int64_t memory : {kMostMemory, int64_t{1} << 12}) {  // the latter in bands of rows, where it is enough
      const NetworkPlan<float> plan = network.plan(shapes, {.memory_bytes = memory});
      if (is_small(plan)) run(plan);
    }
  } catch (const convstep::ArgumentError&) {  // the other good endings
  } catch (const convstep::FormatError&) {
  } catch (const std::bad_alloc&) {
  }
  return 0;
}
