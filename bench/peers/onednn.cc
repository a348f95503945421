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
  int result = DNNL_ARG_DST;
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
template <class Primitive, class Forward, class... Description>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const Forward& forward,
                                                     const Description&... description) {
  return {engine, description..., forward};
}
using Pooling = dnnl::pooling_forward;
using PoolingBackward = dnnl::pooling_backward;
#else
template <class Primitive, class... Description>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const Description&... description) {
  return {typename Primitive::desc(description...), engine};
}
template <class Primitive, class Forward, class... Description>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const Forward& forward,
                                                     const Description&... description) {
  return {typename Primitive::desc(description...), engine, forward};
}
using Pooling = dnnl::pooling_v2_forward;
using PoolingBackward = dnnl::pooling_v2_backward;
#endif

constexpr auto kType = memory::data_type::f32;  // f64 is for GPUs alone

// The caller's arrays.
struct ConvLayouts {
  Dims source_dims, filters_dims, destination_dims;
  memory::desc source, filters, destination;
};
ConvLayouts conv_layouts(const BenchLayer& layer) {
  const bool grouped = layer.groups > 1;
  const int64_t c = layer.c / layer.groups, o = layer.o / layer.groups;
  const Dims filters = grouped ? Dims{layer.groups, o, c, layer.kh, layer.kw} : Dims{o, c, layer.kh, layer.kw};
  // [kh,kw,c,o]: output channels of a group lie together, groups side by side.
  const Dims strides = grouped ? Dims{o, 1, layer.o, layer.kw * c * layer.o, c * layer.o}
                               : Dims{1, layer.o, layer.kw * c * layer.o, c * layer.o};
  const Dims source{layer.n, layer.c, layer.h, layer.w}, destination{layer.n, layer.o, layer.oh, layer.ow};
  return {source,
          filters,
          destination,
          memory::desc(source, kType, Tag::nhwc),
          memory::desc(filters, kType, strides),
          memory::desc(destination, kType, Tag::nhwc)};
}

void make_conv(const BenchLayer& layer, int64_t way, const void* input, const void* weights, const void* bias,
               Work& work) {
  const Tag tag = way == 0 ? Tag::any : Tag::nhwc;
  const ConvLayouts layouts = conv_layouts(layer);
  const memory::desc bias_layout({layer.o}, kType, Tag::x);
  const auto conv = describe<dnnl::convolution_forward>(
      work.engine, dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
      memory::desc(layouts.source_dims, kType, tag), memory::desc(layouts.filters_dims, kType, Tag::any), bias_layout,
      memory::desc(layouts.destination_dims, kType, tag), Dims{layer.stride, layer.stride},
      Dims{layer.dilation - 1, layer.dilation - 1}, Dims{layer.pad, layer.pad}, Dims{layer.pad, layer.pad});
  work.primitive = dnnl::convolution_forward(conv);
  work.arguments = {{DNNL_ARG_SRC, reordered(work, plain(work, layouts.source, input), conv.src_desc())},
                    {DNNL_ARG_WEIGHTS, reordered(work, plain(work, layouts.filters, weights), conv.weights_desc())},
                    {DNNL_ARG_BIAS, plain(work, bias_layout, bias)},
                    {DNNL_ARG_DST, memory(conv.dst_desc(), work.engine)}};
  work.description = conv.impl_info_str();
}

// The gradient of the input from those of output and weights, or of the weights from those of input and output.
void make_gradient(const BenchLayer& layer, int64_t way, const void* first, const void* second, Work& work) {
  const bool is_input = layer.kind == kBenchInputGrad;
  const ConvLayouts layouts = conv_layouts(layer);
  const Tag tag = way == 0 ? Tag::any : Tag::nhwc;
  const memory::desc source(layouts.source_dims, kType, tag);
  const memory::desc filters(layouts.filters_dims, kType, Tag::any);
  const memory::desc destination(layouts.destination_dims, kType, tag);
  const Dims strides{layer.stride, layer.stride}, dilations{layer.dilation - 1, layer.dilation - 1};
  const Dims pads{layer.pad, layer.pad};
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const auto forward =
      describe<dnnl::convolution_forward>(work.engine, dnnl::prop_kind::forward_training, algorithm, source, filters,
                                          destination, strides, dilations, pads, pads);
  const auto set = [&](const auto& gradient, int argument, const memory::desc& layout, const void* data) {
    work.arguments.emplace(
        argument, reordered(work, plain(work, layout, data), gradient.query_md(dnnl::query::exec_arg_md, argument)));
  };
  const auto set_result = [&](const auto& gradient, int argument, const memory::desc& wanted) {
    work.arguments.emplace(argument, memory(gradient.query_md(dnnl::query::exec_arg_md, argument), work.engine));
    work.result = argument;
    work.plain_output = wanted;
    work.description = gradient.impl_info_str();
  };
  if (is_input) {
    const auto gradient = describe_backward<dnnl::convolution_backward_data>(
        work.engine, forward, algorithm, source, filters, destination, strides, dilations, pads, pads);
    work.primitive = dnnl::convolution_backward_data(gradient);
    set(gradient, DNNL_ARG_DIFF_DST, layouts.destination, first);
    set(gradient, DNNL_ARG_WEIGHTS, layouts.filters, second);
    set_result(gradient, DNNL_ARG_DIFF_SRC, layouts.source);
  } else {
    const auto gradient = describe_backward<dnnl::convolution_backward_weights>(
        work.engine, forward, algorithm, source, filters, destination, strides, dilations, pads, pads);
    work.primitive = dnnl::convolution_backward_weights(gradient);
    set(gradient, DNNL_ARG_SRC, layouts.source, first);
    set(gradient, DNNL_ARG_DIFF_DST, layouts.destination, second);
    set_result(gradient, DNNL_ARG_DIFF_WEIGHTS, layouts.filters);
  }
}

struct PoolLayouts {
  Dims source_dims, destination_dims;
  memory::desc source, destination;  // the caller's
  memory::desc own_source;
  dnnl::algorithm algorithm;
  Dims strides, window, dilations, pads;
};
PoolLayouts pool_layouts(const BenchLayer& layer, int64_t way) {
  const Dims source{layer.n, layer.c, layer.h, layer.w}, destination{layer.n, layer.c, layer.oh, layer.ow};
  const bool is_average = layer.kind == kBenchAveragePool || layer.kind == kBenchAveragePoolGrad;
  return {.source_dims = source,
          .destination_dims = destination,
          .source = memory::desc(source, kType, Tag::nhwc),
          .destination = memory::desc(destination, kType, Tag::nhwc),
          // A pooling takes its input's layout as it comes, so the best one must be tried: channels in blocks of a
          // vector.
          .own_source = memory::desc(source, kType, way == 0 ? Tag::nChw16c : Tag::nhwc),
          .algorithm = is_average ? dnnl::algorithm::pooling_avg_exclude_padding : dnnl::algorithm::pooling_max,
          .strides = {layer.stride, layer.stride},
          .window = {layer.kh, layer.kw},
          .dilations = {layer.dilation - 1, layer.dilation - 1},
          .pads = {layer.pad, layer.pad}};
}

auto describe_pool(const Work& work, const PoolLayouts& layouts, dnnl::prop_kind kind) {
  return describe<Pooling>(work.engine, kind, layouts.algorithm, layouts.own_source,
                           memory::desc(layouts.destination_dims, kType, Tag::any), layouts.strides, layouts.window,
                           layouts.dilations, layouts.pads, layouts.pads);
}

void make_pool(const BenchLayer& layer, int64_t way, const void* input, Work& work) {
  const PoolLayouts layouts = pool_layouts(layer, way);
  const auto pool = describe_pool(work, layouts, dnnl::prop_kind::forward_inference);
  work.primitive = Pooling(pool);
  work.arguments = {{DNNL_ARG_SRC, reordered(work, plain(work, layouts.source, input), pool.src_desc())},
                    {DNNL_ARG_DST, memory(pool.dst_desc(), work.engine)}};
  work.description = pool.impl_info_str();
}

// Where the maxima were is known by the workspace, which the forward pass fills: once, and that is not timed.
void make_pool_gradient(const BenchLayer& layer, int64_t way, const void* input, const void* grad, Work& work) {
  const PoolLayouts layouts = pool_layouts(layer, way);
  const auto pool = describe_pool(work, layouts, dnnl::prop_kind::forward_training);
  const auto gradient = describe_backward<PoolingBackward>(
      work.engine, pool, layouts.algorithm, layouts.own_source, memory::desc(layouts.destination_dims, kType, Tag::any),
      layouts.strides, layouts.window, layouts.dilations, layouts.pads, layouts.pads);
  work.primitive = PoolingBackward(gradient);
  work.arguments = {
      {DNNL_ARG_DIFF_DST, reordered(work, plain(work, layouts.destination, grad), gradient.diff_dst_desc())},
      {DNNL_ARG_DIFF_SRC, memory(gradient.diff_src_desc(), work.engine)}};
  if (layouts.algorithm == dnnl::algorithm::pooling_max) {
    const memory workspace(pool.workspace_desc(), work.engine);
    Pooling(pool).execute(work.stream,
                          {{DNNL_ARG_SRC, reordered(work, plain(work, layouts.source, input), pool.src_desc())},
                           {DNNL_ARG_DST, memory(pool.dst_desc(), work.engine)},
                           {DNNL_ARG_WORKSPACE, workspace}});
    work.stream.wait();
    work.arguments.emplace(DNNL_ARG_WORKSPACE, workspace);
  }
  work.result = DNNL_ARG_DIFF_SRC;
  work.plain_output = layouts.source;
  work.description = gradient.impl_info_str();
}

}  // namespace

void* bench_create(const BenchLayer* layer, int64_t way, const void* input, const void* weights, const void* bias,
                   char* message, int64_t capacity) {
  try {
    if (layer->bytes != sizeof(float)) throw std::invalid_argument("float32 only");
    start_runtime(layer->threads);
    auto work = std::make_unique<Work>();
    work->plain_output = memory::desc({layer->n, layer->o, layer->oh, layer->ow}, kType, Tag::nhwc);
    if (layer->kind == kBenchConv) {
      make_conv(*layer, way, input, weights, bias, *work);
    } else if (layer->kind >= kBenchMaxPoolGrad) {
      make_pool_gradient(*layer, way, input, weights, *work);
    } else if (layer->kind >= kBenchInputGrad) {
      make_gradient(*layer, way, input, weights, *work);
    } else {
      make_pool(*layer, way, input, *work);
    }
    work->description += way == 0 ? ", own layout" : ", nhwc";
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
  memory result = reordered(work, work.arguments.at(work.result), work.plain_output);
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
