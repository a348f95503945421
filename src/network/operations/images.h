// images.h: what operations on images share. The axes of ONNX's are (N, C, H, W), or (N, C, L), which is an image of
// height 1; those of the public operations (N, H, W, C), whatever their strides.
#pragma once

#include <string_view>

#include "convstep/pool.h"
#include "convstep/wording.h"
#include "network/operation.h"

namespace convstep::network {

// (N, H, W, C). Throws ShapeError, naming `argument`, where it is no image.
Shape<4> image_shape(const char* argument, const Dims& shape);
// The axes of ONNX of an image (N, H, W, C): three of them where `rank` is 3.
Dims image_dims(const Shape<4>& image, int rank);
// The order of these axes in memory, channels last.
Dims image_order(int rank);
// A description of such an image.
template <class T>
ValueInfo<T> image_info(Element element, const Shape<4>& image, int rank) {
  return {element, image_dims(image, rank), image_order(rank)};
}

template <class U>
View<U, 4> as_image(const NdView<U>& array) {
  if (array.rank() == 4) return array.template as<4>(channels_last());
  const Dims &shape = array.shape, &strides = array.strides;
  return {array.data, {shape[0], 1, shape[2], shape[1]}, {strides[0], strides[2] * shape[2], strides[2], strides[1]}};
}

// Weights whose axes are (O, C, KH, KW), or (O, C, K), as (KH, KW, C, O).
Shape<4> filter_shape(const char* argument, const Dims& shape);
template <class U>
View<U, 4> as_filters(const NdView<U>& array) {
  const Dims &shape = array.shape, &strides = array.strides;
  if (array.rank() == 4) return array.template as<4>({2, 3, 1, 0});
  return {array.data, {1, shape[2], shape[1], shape[0]}, {strides[2] * shape[2], strides[2], strides[1], strides[0]}};
}

// An attribute of a length for each of the one or two axes of an image: `otherwise` where it is left out.
Size2 size_attribute(const Node& node, const char* attribute, int axes, const Size2& otherwise = {1, 1});
// The attributes `pads` and `auto_pad`, of which the latter comes first.
Padding padding_attribute(const Node& node, int axes);

// Errors of the public operations, with ONNX's names and axes.
extern const Wording kImageWording;

}  // namespace convstep::network
