#include "conv/staged_output.h"

namespace convstep {
namespace {

template <class T>
T* first_of(const View<T, 4>& view, const OutputRegion& region) {
  return &view(region.image, region.first_row, region.first_column, region.first_channel);
}

template <class T>
PixelView<T> pixels_of(const View<T, 4>& view, const OutputRegion& region) {
  return {first_of(view, region), view.stride(1), view.stride(2)};
}

}  // namespace

template <class T>
int64_t StagedOutput<T>::scratch_per_value(const ConvCall<T>& call) {
  const bool residual_fits = !call.residual || has_dense_pixels(call.residual);
  if (has_dense_pixels(call.output) && residual_fits) return 0;
  return call.residual ? 2 : 1;
}

template <class T>
StagedOutput<T>::StagedOutput(const ConvCall<T>& call, const OutputRegion& region, T* scratch)
    : call_(call), region_(region), in_place_(scratch_per_value(call) == 0), output_{}, residual_{} {
  if (in_place_) {
    output_ = pixels_of(call.output, region);
    if (call.residual) residual_ = pixels_of(call.residual, region);
    return;
  }
  output_ = {scratch, region.columns * region.channels, region.channels};
  if (!call.residual) return;
  T* gathered = scratch + region.rows * region.columns * region.channels;
  residual_ = {gathered, output_.row_step, output_.pixel_step};
  copy_padded(some_channels(call.residual[region.image], region.first_channel, region.channels), region.first_row,
              region.rows, region.first_column, region.columns, gathered);
}

template <class T>
void StagedOutput<T>::commit() const {
  if (in_place_) return;
  const View<T, 4>& to = call_.output;
  scatter<T>(output_.data, {first_of(to, region_),
                            {region_.rows, region_.columns, region_.channels},
                            {to.stride(1), to.stride(2), to.stride(3)}});
}

template class StagedOutput<float>;
template class StagedOutput<double>;

}  // namespace convstep
