#include "conv/single_pixel/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/single_pixel/kernel.cc"
#include <hwy/foreach_target.h>

#include "simd/activation-inl.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// The chains of Vectors vectors of output channels, all of one group. Eight chains cover the latency of the
// multiply-adds (4 cycles on 2 ports); fewer cover narrower ranges and the tail, the last lanes masked.
template <class T, int Vectors>
HWY_NOINLINE void single_pixel_vectors(const SinglePixelLayer<T>& layer, const SinglePixelImage<T>& image,
                                       const SinglePixelRange& range, const Epilogue<T>& epilogue,
                                       T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const WindowAxis &height = layer.geometry.height, &width = layer.geometry.width;
  const int64_t group_channels = layer.channels / layer.groups;
  const int64_t group = range.first / (layer.outputs / layer.groups);
  const T zero = 0;
  size_t n[Vectors];  // the lanes of each vector that are wanted
  hn::Vec<decltype(d)> sum[Vectors];
  for (int v = 0; v < Vectors; ++v) {
    n[v] = static_cast<size_t>(Vectors > 1 ? lanes : std::min(lanes, range.count));
    sum[v] = layer.bias ? load_n(d, layer.bias + range.first + v * lanes, n[v]) : hn::Zero(d);
  }
  const T* weights = layer.weights + range.first;
  for (int64_t i = 0; i < height.window; ++i) {
    for (int64_t j = 0; j < width.window; ++j) {
      const int64_t row = height.source(range.y, i), column = width.source(range.x, j);
      const bool inside = height.is_inside(row) && width.is_inside(column);
      const T* x = inside ? image.data + row * image.row_step + column * image.pixel_step +
                                group * group_channels * image.channel_step
                          : &zero;
      const int64_t step = inside ? image.channel_step : 0;
      for (int64_t c = 0; c < group_channels; ++c, weights += layer.outputs) {
        const auto broadcast = hn::Set(d, x[c * step]);
        for (int v = 0; v < Vectors; ++v) {
          sum[v] = hn::MulAdd(broadcast, load_n(d, weights + v * lanes, n[v]), sum[v]);
        }
      }
    }
  }
  for (int v = 0; v < Vectors; ++v) {
    if (epilogue.residual) sum[v] = hn::Add(sum[v], load_n(d, epilogue.residual + v * lanes, n[v]));
    store_n(sum[v], d, out + v * lanes, n[v]);
  }
  if (epilogue.activation != Activation::kNone) {
    const size_t count = static_cast<size_t>((Vectors - 1) * lanes) + n[Vectors - 1];
    activate_row(out, count, epilogue.activation, epilogue.slope);
  }
}

template <class T>
void chain(const SinglePixelLayer<T>& layer, const SinglePixelImage<T>& image, const SinglePixelRange& range,
           const Epilogue<T>& epilogue, T* out) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t group_outputs = layer.outputs / layer.groups;
  for (int64_t k = 0; k < range.count;) {
    const int64_t o = range.first + k, end_of_group = (o / group_outputs + 1) * group_outputs;
    const int64_t left = std::min(range.count - k, end_of_group - o);
    const int64_t full = left / lanes, vectors = full >= 8 ? 8 : full >= 4 ? 4 : full >= 2 ? 2 : 1;
    const int64_t count = std::min(left, vectors * lanes);
    Epilogue<T> here = epilogue;
    if (here.residual) here.residual += k;
    const auto run = vectors == 8   ? single_pixel_vectors<T, 8>
                     : vectors == 4 ? single_pixel_vectors<T, 4>
                     : vectors == 2 ? single_pixel_vectors<T, 2>
                                    : single_pixel_vectors<T, 1>;
    run(layer, image, {range.y, range.x, o, count}, here, out + k);
    k += count;
  }
}

SinglePixelKernel<float> single_pixel_float() { return &chain<float>; }
SinglePixelKernel<double> single_pixel_double() { return &chain<double>; }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(single_pixel_float);
HWY_EXPORT(single_pixel_double);

template <>
SinglePixelKernel<float> single_pixel_kernel(const Target& target) {
  return CONVSTEP_KERNEL(single_pixel_float, target)();
}
template <>
SinglePixelKernel<double> single_pixel_kernel(const Target& target) {
  return CONVSTEP_KERNEL(single_pixel_double, target)();
}

}  // namespace convstep::kernels
#endif
