#include "conv/output_block.h"

namespace convstep {
namespace {

template <class T>
Pixels<T> pixels_of(const View<T, 4>& view, const Block& block, int64_t channel) {
  return {&view(block.image, block.first_row, block.first_column, channel), view.stride(1), view.stride(2)};
}

}  // namespace

template <class T>
int64_t OutputBlock<T>::scratch_per_value(const ConvCall<T>& call) {
  const bool residual_fits = !call.residual || has_dense_pixels(call.residual);
  if (has_dense_pixels(call.output) && residual_fits) return 0;
  return call.residual ? 2 : 1;
}

template <class T>
OutputBlock<T>::OutputBlock(const ConvCall<T>& call, const Block& block, const Channels& channels, T* scratch)
    : call_(call), block_(block), channels_(channels), in_place_(scratch_per_value(call) == 0), output_{}, residual_{} {
  if (in_place_) {
    output_ = pixels_of(call.output, block, channels.first);
    if (call.residual) residual_ = pixels_of(call.residual, block, channels.first);
    return;
  }
  output_ = {scratch, block.columns * channels.count, channels.count};
  if (!call.residual) return;
  T* gathered = scratch + block.rows * block.columns * channels.count;
  residual_ = {gathered, block.columns * channels.count, channels.count};
  const View<const T, 3> image = call.residual[block.image];
  const View<const T, 3> part(image.data() + channels.first * image.stride(2),
                              {image.shape(0), image.shape(1), channels.count}, image.strides());
  copy_padded(part, block.first_row, block.rows, block.first_column, block.columns, gathered);
}

template <class T>
void OutputBlock<T>::commit() const {
  if (in_place_) return;
  const View<T, 4>& to = call_.output;
  T* first = &to(block_.image, block_.first_row, block_.first_column, channels_.first);
  scatter(output_.data, View<T, 3>(first, {block_.rows, block_.columns, channels_.count},
                                   {to.stride(1), to.stride(2), to.stride(3)}));
}

template class OutputBlock<float>;
template class OutputBlock<double>;

}  // namespace convstep
