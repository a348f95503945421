// onednn.cc: oneDNN behind the interface of native.h, compiled once for each version that is installed (2.6 and 3.x
// differ in how a primitive is described). Way 0 lets oneDNN choose every layout, way 1 keeps input and output channels
// last; weights are in oneDNN's own layout in both, and no reorder is timed.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_TBB
#include <tbb/global_control.h>
#endif

#include "../native.h"

namespace {

using dnnl::memory;
using Dims = memory::dims;
using Tag = memory::format_tag;

constexpr int64_t kWays = 2;

// OpenMP reads OMP_NUM_THREADS by itself; oneTBB has no such variable. SYCL finds no processor unless it is told where
// the wheel of its driver lies.
void start_runtime([[maybe_unused]] int64_t threads) {
#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_TBB
  setenv("OCL_ICD_FILENAMES", BENCH_LIBRARIES "/libintelocl.so", 0);
  static const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(threads));
#endif
}

struct Work {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;
  memory::desc plain_output;
  std::string description;
};

memory plain(const Work& work, const memory::desc& layout, const void* data) {
  memory array(layout, work.engine);
  void* to = array.map_data<void>();
  std::memcpy(to, data, layout.get_size());
  array.unmap_data(to);
  return array;
}

memory reordered(Work& work, memory from, const memory::desc& layout) {
  if (layout == from.get_desc()) return from;
  memory to(layout, work.engine);
  dnnl::reorder(from, to).execute(work.stream, from, to);
  work.stream.wait();
  return to;
}

#if DNNL_VERSION_MAJOR >= 3
template <class Primitive, class... Description>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const Description&... description) {
  return {engine, description...};
}
using Pooling = dnnl::pooling_forward;
#else
template <class Primitive, class... Description>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const Description&... description) {
  return {typename Primitive::desc(description...), engine};
}
using Pooling = dnnl::pooling_v2_forward;
#endif

constexpr auto kType = memory::data_type::f32;  // f64 is for GPUs alone

void make_conv(const BenchLayer& layer, int64_t way, const void* input, const void* weights, const void* bias,
               Work& work) {
  const Tag tag = way == 0 ? Tag::any : Tag::nhwc;
  const bool grouped = layer.groups > 1;
  const int64_t c = layer.c / layer.groups, o = layer.o / layer.groups;
  const Dims source{layer.n, layer.c, layer.h, layer.w}, destination{layer.n, layer.o, layer.oh, layer.ow};
  const Dims filters = grouped ? Dims{layer.groups, o, c, layer.kh, layer.kw} : Dims{o, c, layer.kh, layer.kw};
  // The caller's [kh,kw,c,o]: output channels of a group lie together, groups side by side.
  const Dims strides = grouped ? Dims{o, 1, layer.o, layer.kw * c * layer.o, c * layer.o}
                               : Dims{1, layer.o, layer.kw * c * layer.o, c * layer.o};
  const memory::desc bias_layout({layer.o}, kType, Tag::x);
  const auto conv = describe<dnnl::convolution_forward>(
      work.engine, dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
      memory::desc(source, kType, tag), memory::desc(filters, kType, Tag::any), bias_layout,
      memory::desc(destination, kType, tag), Dims{layer.stride, layer.stride},
      Dims{layer.dilation - 1, layer.dilation - 1}, Dims{layer.pad, layer.pad}, Dims{layer.pad, layer.pad});
  work.primitive = dnnl::convolution_forward(conv);
  work.arguments = {
      {DNNL_ARG_SRC, reordered(work, plain(work, memory::desc(source, kType, Tag::nhwc), input), conv.src_desc())},
      {DNNL_ARG_WEIGHTS,
       reordered(work, plain(work, memory::desc(filters, kType, strides), weights), conv.weights_desc())},
      {DNNL_ARG_BIAS, plain(work, bias_layout, bias)},
      {DNNL_ARG_DST, memory(conv.dst_desc(), work.engine)}};
  work.description = conv.impl_info_str();
}

void make_pool(const BenchLayer& layer, int64_t way, const void* input, Work& work) {
  const Dims source{layer.n, layer.c, layer.h, layer.w}, destination{layer.n, layer.c, layer.oh, layer.ow};
  // A pooling takes its input's layout as it comes, so the best one must be tried: channels in blocks of a vector.
  const memory::desc source_layout(source, kType, way == 0 ? Tag::nChw16c : Tag::nhwc);
  const auto algorithm =
      layer.kind == kBenchMaxPool ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding;
  const auto pool = describe<Pooling>(work.engine, dnnl::prop_kind::forward_inference, algorithm, source_layout,
                                      memory::desc(destination, kType, Tag::any), Dims{layer.stride, layer.stride},
                                      Dims{layer.kh, layer.kw}, Dims{layer.dilation - 1, layer.dilation - 1},
                                      Dims{layer.pad, layer.pad}, Dims{layer.pad, layer.pad});
  work.primitive = Pooling(pool);
  work.arguments = {
      {DNNL_ARG_SRC, reordered(work, plain(work, memory::desc(source, kType, Tag::nhwc), input), pool.src_desc())},
      {DNNL_ARG_DST, memory(pool.dst_desc(), work.engine)}};
  work.description = pool.impl_info_str();
}

}  // namespace

void* bench_create(const BenchLayer* layer, int64_t way, const void* input, const void* weights, const void* bias,
                   char* message, int64_t capacity) {
  try {
    if (layer->bytes != sizeof(float)) throw std::invalid_argument("float32 only");
    start_runtime(layer->threads);
    auto work = std::make_unique<Work>();
    if (layer->kind == kBenchConv) {
      make_conv(*layer, way, input, weights, bias, *work);
    } else {
      make_pool(*layer, way, input, *work);
    }
    work->description += way == 0 ? ", own layout" : ", nhwc";
    work->plain_output = memory::desc({layer->n, layer->o, layer->oh, layer->ow}, kType, Tag::nhwc);
    return work.release();
  } catch (const std::exception& error) {
    std::snprintf(message, static_cast<size_t>(capacity), "%s", error.what());
    return nullptr;
  }
}

double bench_run(void* handle, int64_t repetitions) {
  Work& work = *static_cast<Work*>(handle);
  try {
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < repetitions; ++i) work.primitive.execute(work.stream, work.arguments);
    work.stream.wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } catch (const std::exception&) {
    return -1;
  }
}

void bench_output(void* handle, void* output) {
  Work& work = *static_cast<Work*>(handle);
  memory result = reordered(work, work.arguments.at(DNNL_ARG_DST), work.plain_output);
  const void* from = result.map_data<void>();
  std::memcpy(output, from, work.plain_output.get_size());
  result.unmap_data(const_cast<void*>(from));
}

const char* bench_describe(void* handle) { return static_cast<Work*>(handle)->description.c_str(); }
void bench_destroy(void* handle) { delete static_cast<Work*>(handle); }
int64_t bench_ways() { return kWays; }

const char* bench_version() {
  static const std::string version = [] {
    const dnnl_version_t* v = dnnl_version();
    return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
  }();
  return version.c_str();
}
