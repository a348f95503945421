// conv_layer.h: the compiled half of Conv2d: its weights, and plans for the images that it met last.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <optional>
#include <string>

#include "convstep/conv.h"
#include "python/arrays.h"

namespace convstep::python {

// The layer of one dtype, and the arrays that it reads: the caller's, or, for doubles over floats, converted ones.
template <class T>
struct TypedLayer {
  TypedLayer(nb::handle weights_array, nb::handle bias_array, const ConvOptions& options, Layout layout);

  Input weights;
  std::optional<Input> bias;
  convstep::ConvLayer<T> layer;
};

class ConvLayer {
 public:
  // All that can be wrong with a layer before it has an input is found here. The arrays must not change any more.
  ConvLayer(nb::handle weights, nb::handle bias, const ConvOptions& options, Layout layout);

  // In the caller's order, both of them.
  nb::object output_shape(nb::handle input_shape) const;

  nb::object run(nb::handle input, nb::handle residual, nb::handle out, nb::handle threads);

  // Make the plan for inputs of this shape (in the caller's order, of the layer's dtype), or find it.
  std::string describe(nb::handle input_shape);
  size_t workspace_bytes(nb::handle input_shape);
  // What the plan that was used last says of itself, "" before the first; and the dtype that it computes in, at first
  // the layer's own.
  std::string describe_latest();
  Scalar latest_scalar() const { return latest_scalar_; }

  // (KH, KW, C/groups, O).
  const Shape<4>& shape() const { return shape_; }

 private:
  template <class T>
  const convstep::ConvLayer<T>& layer();
  template <class T>
  std::shared_ptr<const ConvPlan<T>> plan_for(const Shape<4>& input);
  template <class Use>
  auto with_plan(nb::handle input_shape, Use use);

  nb::object weights_, bias_;  // bias: or None
  ConvOptions options_;
  Layout layout_;
  Scalar scalar_;
  Shape<4> shape_;
  std::unique_ptr<TypedLayer<float>> float_layer_;  // made when they are called for
  std::unique_ptr<TypedLayer<double>> double_layer_;
  Scalar latest_scalar_;
};

}  // namespace convstep::python
