// network.cc: whole networks out of .onnx files, for bench/peers/network_ours.py: loaded, planned for one shape, and
// run again and again without Python in between. Arrays are as a NetworkPlan takes them: images (N, H, W, C).
#include "convstep/network.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "convstep/onnx.h"
#include "native.h"

namespace {

using convstep::NetworkArray;
using convstep::NetworkOutput;
using convstep::NetworkPlan;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
  virtual void output(void* to) const = 0;
  virtual std::string profile(int64_t runs) const = 0;
  std::vector<int64_t> output_shape;
  int64_t memory = 0;
  std::string text;
};

template <class T>
class TypedWork : public Work {
 public:
  TypedWork(const char* path, const std::vector<int64_t>& shape, int64_t threads, const void* input)
      : plan_(convstep::load_onnx<T>(path).plan(shape)),
        input_(shape, false),
        output_(plan_.outputs().at(0).shape, plan_.outputs().at(0).is_integer),
        options_{.threads = threads} {
    std::memcpy(input_.array().data(), input, input_.values().size() * sizeof(T));
    output_shape = output_.shape();
    memory = static_cast<int64_t>(plan_.memory_bytes());
  }
  void run() override { plan_.run(input_.array(), output_.array(), options_); }
  void output(void* to) const override {
    std::memcpy(to, output_.values().data(), output_.values().size() * sizeof(T));
  }
  std::string profile(int64_t runs) const override { return plan_.profile(runs, options_); }

 private:
  NetworkPlan<T> plan_;
  NetworkOutput<T> input_, output_;
  convstep::RunOptions options_;
};

}  // namespace

// The network of the file at `path`, with elements of `bytes` (4 or 8), for one input of `shape`, and its first output.
// Null, with `message` saying why, where that fails.
BENCH_EXPORT void* bench_network_create(const char* path, int64_t bytes, int64_t threads, int64_t rank,
                                        const int64_t* shape, const void* input, char* message, int64_t capacity) {
  try {
    const std::vector<int64_t> axes(shape, shape + rank);
    std::unique_ptr<Work> work;
    if (bytes == sizeof(float)) {
      work = std::make_unique<TypedWork<float>>(path, axes, threads, input);
    } else {
      work = std::make_unique<TypedWork<double>>(path, axes, threads, input);
    }
    return work.release();
  } catch (const std::exception& error) {
    std::snprintf(message, static_cast<size_t>(capacity), "%s", error.what());
    return nullptr;
  }
}

// How many seconds `repetitions` runs took.
BENCH_EXPORT double bench_network_run(void* handle, int64_t repetitions) {
  const Clock::time_point start = Clock::now();
  for (int64_t i = 0; i < repetitions; ++i) static_cast<Work*>(handle)->run();
  return seconds_since(start);
}

// How many axes the output has; their lengths go to `shape`, which has room for NetworkArray::kMostAxes.
BENCH_EXPORT int64_t bench_network_output_shape(void* handle, int64_t* shape) {
  const std::vector<int64_t>& axes = static_cast<Work*>(handle)->output_shape;
  std::copy(axes.begin(), axes.end(), shape);
  return static_cast<int64_t>(axes.size());
}
BENCH_EXPORT void bench_network_output(void* handle, void* output) { static_cast<Work*>(handle)->output(output); }
// Of what lies between input and output.
BENCH_EXPORT int64_t bench_network_memory(void* handle) { return static_cast<Work*>(handle)->memory; }
// The table of NetworkPlan::profile, which lives until the next call.
BENCH_EXPORT const char* bench_network_profile(void* handle, int64_t runs) {
  Work& work = *static_cast<Work*>(handle);
  work.text = work.profile(runs);
  return work.text.c_str();
}
BENCH_EXPORT void bench_network_destroy(void* handle) { delete static_cast<Work*>(handle); }
