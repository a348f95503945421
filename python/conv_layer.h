// conv_layer.h: the compiled half of Conv2d: its weights, and plans for the images that it met last.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "convstep/conv.h"
#include "python/arrays.h"

namespace convstep::python {

// The plans of one dtype, the one used last first. A plan holds a packed copy of the weights, hence so few: enough for
// a batch of pictures in some sizes, and for an exchange of tiles and their edges.
template <class T>
class PlanCache {
 public:
  using Plan = std::shared_ptr<const ConvPlan<T>>;
  static constexpr size_t kPlans = 4;

  // The plan for images of this height and width on the SIMD target in use; null where there is none.
  Plan find(const Size2& image, const std::string& target);
  void keep(const Size2& image, const std::string& target, Plan plan);
  Plan latest();

 private:
  struct Entry {
    Size2 image;
    std::string target;
    Plan plan;
  };

  std::mutex mutex_;  // never held while the GIL is waited for
  std::vector<Entry> entries_;
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
  std::shared_ptr<const ConvPlan<T>> plan_for(const Shape<4>& input, Count threads);
  template <class Use>
  auto with_plan(nb::handle input_shape, Use use);

  nb::object weights_, bias_;  // bias: or None
  ConvOptions options_;
  Layout layout_;
  Scalar scalar_;
  Shape<4> shape_;
  PlanCache<float> float_plans_;
  PlanCache<double> double_plans_;
  Scalar latest_scalar_;
};

}  // namespace convstep::python
