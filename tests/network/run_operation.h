// run_operation.h: one operation of a network by itself, on arrays of all kinds of layouts.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <memory>

#include "network/operation.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace convstep::network {

// An array as its numbers in row-major order.
struct Numbers {
  Dims shape;
  std::vector<double> values;
  Element element = Element::kReal;
  bool is_constant = false;

  explicit operator bool() const { return element != Element::kNone; }
};
inline const Numbers kLeftOut{{}, {}, Element::kNone};

inline Numbers reals(const Dims& shape, const std::vector<double>& values) { return {shape, values}; }
inline Numbers integers(const Dims& shape, const std::vector<double>& values) {
  return {shape, values, Element::kInteger};
}
inline Numbers constant(Numbers numbers) {
  numbers.is_constant = true;
  return numbers;
}
// Whole numbers of one axis, known before the network runs: axes, shapes.
inline Numbers known(const std::vector<double>& values) {
  return constant(integers({static_cast<int64_t>(values.size())}, values));
}
// f(0), f(1), ... in row-major order.
template <class F>
Numbers made(const Dims& shape, const F& f, Element element = Element::kReal) {
  Numbers numbers{shape, {}, element};
  for (int64_t i = 0; i < shape.count(); ++i) numbers.values.push_back(static_cast<double>(f(i)));
  return numbers;
}

// The index of the i-th element in row-major order.
inline Dims index_of(const Dims& shape, int64_t i) {
  Dims index = shape;
  for (int axis = shape.rank(); axis-- > 0; i /= shape[axis]) index[axis] = i % shape[axis];
  return index;
}
inline int64_t offset_of(const Dims& index, const Dims& strides) {
  int64_t offset = 0;
  for (int axis = 0; axis < index.rank(); ++axis) offset += index[axis] * strides[axis];
  return offset;
}

// How arrays lie in memory.
struct Layout {
  bool is_reversed = false;   // the first axis innermost
  int64_t gap = 1;            // from neighbour to neighbour
  bool is_backwards = false;  // the last element first
  Flush flush = Flush::kBack;

  Dims order(int rank) const {
    Dims axes = row_major(rank);
    if (is_reversed) std::reverse(axes.begin(), axes.end());
    return axes;
  }
};
inline constexpr Layout kLayouts[] = {
    {},         {.flush = Flush::kFront}, {.is_reversed = true},
    {.gap = 3}, {.is_backwards = true},   {.is_reversed = true, .gap = 2, .is_backwards = true}};

// An array between guard pages, with poison in what its strides leave out.
template <class T>
class Placed {
 public:
  Placed(const Dims& shape, Element element, const Dims& order, const Layout& layout)
      : bytes_(std::max<int64_t>(shape.count(), 1) * layout.gap * size_of(element), layout.flush) {
    view_.element = element;
    view_.shape = shape;
    view_.strides = dense_strides(shape, order);
    for (int64_t& stride : view_.strides) stride *= layout.gap * (layout.is_backwards ? -1 : 1);
    view_.data = bytes_.data();
    count_ = static_cast<int64_t>(bytes_.size()) / size_of(element);
    for (int64_t i = 0; i < count_; ++i) put(i, kPoison);
    if (layout.is_backwards) view_.data = bytes_.data() + (count_ - 1) * size_of(element);
  }
  Placed(const Numbers& numbers, const Dims& order, const Layout& layout)
      : Placed(numbers.shape, numbers.element, order, layout) {
    for (size_t i = 0; i < numbers.values.size(); ++i) {
      put(offset_of(index_of(view_.shape, static_cast<int64_t>(i)), view_.strides), numbers.values[i]);
    }
  }
  Placed(const Placed&) = delete;
  Placed& operator=(const Placed&) = delete;

  const ArrayView<T>& view() const { return view_; }
  static Numbers read(const ArrayView<T>& view) {
    return made(
        view.shape,
        [&](int64_t i) {
          const int64_t at = offset_of(index_of(view.shape, i), view.strides);
          return view.element == Element::kReal ? static_cast<double>(view.real().data[at])
                                                : static_cast<double>(view.integers().data[at]);
        },
        view.element);
  }
  // How much poison there is in all of the memory.
  int64_t poison() const {
    int64_t count = 0;
    for (int64_t i = 0; i < count_; ++i) {
      const void* at = bytes_.data() + i * size_of(view_.element);
      count += view_.element == Element::kReal ? *static_cast<const T*>(at) == static_cast<T>(kPoison)
                                               : *static_cast<const int64_t*>(at) == static_cast<int64_t>(kPoison);
    }
    return count;
  }

 private:
  static int64_t size_of(Element element) {
    return static_cast<int64_t>(element == Element::kReal ? sizeof(T) : sizeof(int64_t));
  }
  void put(int64_t offset, double value) {
    if (view_.element == Element::kReal) view_.real().data[offset] = static_cast<T>(value);
    if (view_.element == Element::kInteger) view_.integers().data[offset] = static_cast<int64_t>(value);
  }

  GuardedBuffer<char> bytes_;
  ArrayView<T> view_{};
  int64_t count_;
};

inline Node node_of(const std::string& operation, size_t inputs,
                    std::map<std::string, Attribute, std::less<>> attributes = {}, size_t outputs = 1) {
  Node node{operation, "", {}, {}, std::move(attributes)};
  for (size_t i = 0; i < inputs; ++i) node.inputs.push_back(static_cast<ValueId>(i));
  for (size_t i = 0; i < outputs; ++i) node.outputs.push_back(static_cast<ValueId>(inputs + i));
  return node;
}

// The inputs of an operation, where they lie, and what it makes of them.
template <class T>
class Evaluation {
 public:
  Evaluation(Node node, const std::vector<Numbers>& inputs, const Layout& layout, const RunOptions& options = {})
      : node_(std::move(node)), operation_(find_operation<T>(node_.operation)) {
    if (!operation_) throw std::runtime_error("no operation " + node_.operation);
    for (const Numbers& input : inputs) {
      const Dims order = layout.order(input.shape.rank());
      infos_.emplace_back();
      views_.emplace_back();
      if (!input) continue;
      // What is constant is dense: so the program keeps it.
      memory_.emplace_back(input, order, input.is_constant ? Layout{.is_reversed = layout.is_reversed} : layout);
      views_.back() = memory_.back().view();
      infos_.back() = {input.element, input.shape, order, input.is_constant ? views_.back() : ArrayView<T>()};
    }
    inferred_ = operation_->infer({node_, infos_});
    inferred_.view ? look(inputs, layout) : run(inputs, layout, options);
  }

  const std::vector<Numbers>& outputs() const { return outputs_; }
  const Inferred<T>& inferred() const { return inferred_; }

 private:
  void look(const std::vector<Numbers>& inputs, const Layout& layout) {
    if (!inferred_.view_takes_strides) {
      memory_.emplace_back(inputs[0], infos_[0].order, Layout{.is_reversed = layout.is_reversed});
      views_[0] = memory_.back().view();
    }
    const ArrayView<T> view = inferred_.view(views_[0]);
    EXPECT_EQ(to_string(view.shape), to_string(inferred_.outputs[0].shape));
    outputs_ = {Placed<T>::read(view)};
  }

  void run(const std::vector<Numbers>& inputs, const Layout& layout, const RunOptions& options) {
    const Step<T> step = operation_->make({node_, infos_}, inferred_);
    std::vector<ArrayView<T>> outputs;
    for (const ValueInfo<T>& info : inferred_.outputs) {
      memory_.emplace_back(info.shape, info.element, info.order, layout);
      outputs.push_back(memory_.back().view());
    }
    const auto first = memory_.end() - static_cast<int64_t>(outputs.size());
    step.run({views_, outputs}, options);
    for (auto output = first; output != memory_.end(); ++output) {
      outputs_.push_back(Placed<T>::read(output->view()));
      const int64_t elements = output->view().shape.count();
      EXPECT_LE(output->poison(), std::max<int64_t>(elements, 1) * (layout.gap - 1) + (elements == 0 ? 1 : 0))
          << "is left out";
      EXPECT_GE(output->poison(), elements * (layout.gap - 1)) << "is written between the elements";
    }
    if (inferred_.may_work_in_place) run_in_place(step, inputs, layout, options);
  }

  void run_in_place(const Step<T>& step, const std::vector<Numbers>& inputs, const Layout& layout,
                    const RunOptions& options) {
    const ValueInfo<T>& output = inferred_.outputs[0];
    for (const size_t i : inferred_.in_place_inputs) {
      if (i >= inputs.size() || !(infos_[i].shape == output.shape) || !(infos_[i].order == output.order)) continue;
      const Placed<T> place(inputs[i], output.order, layout);
      std::vector<ArrayView<T>> views = views_, outputs = {place.view()};
      views[i] = place.view();
      step.run({views, outputs}, options);
      const std::vector<double> in_place = Placed<T>::read(place.view()).values;
      for (size_t k = 0; k < in_place.size(); ++k) {
        ASSERT_TRUE(in_place[k] == outputs_[0].values[k] || std::isnan(in_place[k])) << "in place, at " << k;
      }
    }
  }

  Node node_;
  const Operation<T>* operation_;
  std::deque<Placed<T>> memory_;
  std::vector<ValueInfo<T>> infos_;
  std::vector<ArrayView<T>> views_;
  Inferred<T> inferred_;
  std::vector<Numbers> outputs_;
};

// Is the number what it should be, up to `units` in its last place?
template <class T>
bool is_near(double wanted, double got, double units) {
  if (std::isnan(wanted) || std::isnan(got)) return std::isnan(wanted) && std::isnan(got);
  if (static_cast<T>(wanted) == static_cast<T>(got)) return true;
  if (std::isinf(wanted) || std::isinf(got)) return false;
  const double least = std::numeric_limits<T>::min();
  return std::abs(wanted - got) <= units * std::numeric_limits<T>::epsilon() * std::max(std::abs(wanted), least);
}

template <class T>
void expect_outputs_of(const Node& node, const std::vector<Numbers>& inputs, const std::vector<Numbers>& wanted,
                       double units) {
  for (const Layout& layout : kLayouts) {
    SCOPED_TRACE(testing::Message() << node.operation << ", element of " << sizeof(T) << ", reversed "
                                    << layout.is_reversed << ", gap " << layout.gap << ", backwards "
                                    << layout.is_backwards);
    const Evaluation<T> evaluation(node, inputs, layout);
    ASSERT_EQ(evaluation.outputs().size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      const Numbers& got = evaluation.outputs()[i];
      ASSERT_EQ(to_string(got.shape), to_string(wanted[i].shape));
      ASSERT_EQ(got.element, wanted[i].element);
      ASSERT_EQ(got.values.size(), wanted[i].values.size());
      for (size_t k = 0; k < got.values.size(); ++k) {
        const bool is_right = got.element == Element::kReal ? is_near<T>(wanted[i].values[k], got.values[k], units)
                                                            : wanted[i].values[k] == got.values[k];
        ASSERT_TRUE(is_right) << "output " << i << " at " << k << ": " << got.values[k] << " for "
                              << wanted[i].values[k];
      }
    }
  }
}

// In float and in double, in all layouts.
inline void expect_outputs(const Node& node, const std::vector<Numbers>& inputs, const std::vector<Numbers>& wanted,
                           double units = 0) {
  expect_outputs_of<float>(node, inputs, wanted, units);
  expect_outputs_of<double>(node, inputs, wanted, units);
}

}  // namespace convstep::network
