#include "network/places.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "network/views.h"

namespace convstep::network {
namespace {

using Kind = PlaceKind;

// The last works that use the values of a place: each value counts once, by its last use.
struct Uses {
  int last = -1, last_but_one = -1;
  void add(const Uses& other) {
    last_but_one = std::max({last_but_one, other.last_but_one, std::min(last, other.last)});
    last = std::max(last, other.last);
  }
};

template <class T>
class Placer {
 public:
  Placer(const Graph<T>& graph, const InferredGraph<T>& inferred) : graph_(graph), inferred_(inferred) {
    all_.values = inferred.values;
    all_.places.resize(all_.values.size());
    for (size_t v = 0; v < all_.values.size(); ++v) all_.roots.push_back(static_cast<ValueId>(v));
    natural_.resize(all_.values.size());
    must_be_dense_.resize(all_.values.size(), false);
  }

  Places<T> find(bool may_overwrite) {
    place_constants_and_inputs();
    for (size_t n = 0; n < graph_.nodes.size(); ++n) place_node(static_cast<int>(n));
    place_outputs();
    join_concats();
    find_last_uses();
    for (size_t w = all_.works.size(); may_overwrite && w-- > 0;) work_in_place(static_cast<int>(w));
    for (size_t v = 0; v < all_.roots.size(); ++v) root(static_cast<ValueId>(v));
    number_blocks();
    list_bases_first();
    return std::move(all_);
  }

 private:
  Place<T>& place(ValueId id) { return all_.places[static_cast<size_t>(id)]; }
  const ValueInfo<T>& info(ValueId id) const { return all_.values[static_cast<size_t>(id)]; }
  ArrayView<T>& natural(ValueId id) { return natural_[static_cast<size_t>(id)]; }
  // Shortens the way for those who ask again: in a long chain of steps in place, each value lies with the next.
  ValueId root(ValueId id) {
    ValueId top = id;
    while (root_of(all_, top) != top) top = root_of(all_, top);
    while (id != top) id = std::exchange(all_.roots[static_cast<size_t>(id)], top);
    return top;
  }
  // The array of a value that is a root.
  static ArrayView<T> dense_array(const ValueInfo<T>& info) { return network::dense_array(info, somewhere()); }

  ValueId add_value(const ValueInfo<T>& info, Place<T> place, const ArrayView<T>& natural) {
    all_.values.push_back(info);
    all_.roots.push_back(static_cast<ValueId>(all_.places.size()));
    all_.places.emplace_back();
    natural_.push_back(natural);
    must_be_dense_.push_back(false);
    const auto id = static_cast<ValueId>(all_.values.size() - 1);
    put(id, std::move(place));
    return id;
  }

  // A value that is no view so far.
  void put(ValueId id, Place<T> at) {
    if (at.kind == Kind::kView) all_.roots[static_cast<size_t>(id)] = at.index;
    place(id) = std::move(at);
  }

  void place_constants_and_inputs() {
    for (size_t v = 0; v < graph_.values.size(); ++v) {
      if (!graph_.values[v].constant) continue;
      all_.places[v] = {Kind::kConstant, static_cast<int>(v), {}};
      natural_[v] = graph_.values[v].constant.view();
    }
    for (size_t k = 0; k < graph_.inputs.size(); ++k) {
      const ValueId id = graph_.inputs[k].value;
      place(id) = {Kind::kInput, static_cast<int>(k), {}};
      natural(id) = dense_array(info(id));
    }
  }

  void place_node(int n) {
    const InferredNode<T>& node = inferred_.nodes[static_cast<size_t>(n)];
    const std::vector<ValueId>&inputs = node.node->inputs, &outputs = node.node->outputs;
    if (node.inferred.view) {
      ValueId base = inputs[0];
      if (!node.inferred.view_takes_strides) base = dense(base);
      put(outputs[0], {Kind::kView, base, node.inferred.view});
      natural(outputs[0]) = node.inferred.view(natural(base));
      return;
    }
    for (const ValueId id : outputs) {
      if (id == kNoValue) continue;
      place(id) = {Kind::kBlock, -1, {}};
      natural(id) = dense_array(info(id));
    }
    all_.works.push_back({n, inputs, outputs});
  }

  // The value, or a copy of it that is dense in its order.
  ValueId dense(ValueId id) {
    if (is_dense(info(id).shape, natural(id).strides, info(id).order)) {
      must_be_dense_[static_cast<size_t>(root(id))] = true;
      return id;
    }
    const ValueInfo<T> copied = info(id);
    const ValueId copy = add_value(copied, {Kind::kBlock, -1, {}}, dense_array(copied));
    must_be_dense_[static_cast<size_t>(copy)] = true;
    all_.works.push_back({-1, {id}, {copy}});
    return copy;
  }

  void place_outputs() {
    for (size_t k = 0; k < graph_.outputs.size(); ++k) {
      const ValueId id = graph_.outputs[k];
      const Place<T> callers{Kind::kOutput, static_cast<int>(k), {}};
      if (is_turned_into_output(id, callers)) continue;
      if (place(id).kind == Kind::kBlock && !must_be_dense_[static_cast<size_t>(id)]) {
        place(id) = callers;
      } else {
        const ValueInfo<T> copied = info(id);
        all_.works.push_back({-1, {id}, {add_value(copied, callers, dense_array(copied))}});
      }
    }
  }

  // Where the value is another one with its axes turned, that one may lie in the caller's array, turned back.
  bool is_turned_into_output(ValueId id, const Place<T>& callers) {
    if (place(id).kind != Kind::kView) return false;
    const ValueId base = place(id).index;
    if (!can_move(base)) return false;
    const auto axes = axes_turned_back(natural(base), natural(id));
    if (!axes) return false;
    const ValueInfo<T> output = info(id);
    put(base, {Kind::kView, add_value(output, callers, dense_array(output)), with_axes<T>(*axes)});
    return true;
  }

  // From the last to the first, so that a Concat of Concats is one array.
  void join_concats() {
    std::vector<std::vector<Work>> works;
    for (size_t w = all_.works.size(); w-- > 0;) {
      const Work work = all_.works[w];
      const bool is_concat = work.node >= 0 && graph_.nodes[static_cast<size_t>(work.node)].operation == "Concat";
      works.push_back(is_concat ? joined(work) : std::vector<Work>{work});
    }
    all_.works.clear();
    for (size_t w = works.size(); w-- > 0;) {
      for (Work& work : works[w]) all_.works.push_back(std::move(work));
    }
  }

  // What is left to do of a Concat: copies of the inputs that cannot lie in their ranges. All of it, where none can.
  std::vector<Work> joined(const Work& concat) {
    const ValueId whole = concat.outputs[0];
    const Dims shape = info(whole).shape;
    const int axis =
        check_axis("axis", graph_.nodes[static_cast<size_t>(concat.node)].integer("axis", 0), shape.rank());
    std::vector<Work> copies;
    int64_t begin = 0;
    for (const ValueId id : concat.inputs) {
      const int64_t length = info(id).shape[axis];
      Place<T> range{Kind::kView, whole, range_of_axis<T>(axis, begin, length)};
      begin += length;
      if (can_move(id) && info(id).order == info(whole).order) {
        put(id, std::move(range));
      } else {
        const ValueInfo<T> copied = info(id);
        copies.push_back({-1, {id}, {add_value(copied, std::move(range), dense_array(copied))}});
      }
    }
    return copies.size() == concat.inputs.size() ? std::vector<Work>{concat} : copies;
  }

  // May the step that writes it write it elsewhere?
  bool can_move(ValueId id) { return place(id).kind == Kind::kBlock && !must_be_dense_[static_cast<size_t>(id)]; }

  void find_last_uses() {
    last_use_.assign(all_.values.size(), -1);
    for (size_t w = 0; w < all_.works.size(); ++w) {
      for (const ValueId id : all_.works[w].inputs) use(id, static_cast<int>(w));
      for (const ValueId id : all_.works[w].outputs) use(id, static_cast<int>(w));
    }
    uses_.assign(all_.values.size(), {});
    for (size_t v = 0; v < all_.values.size(); ++v) {
      uses_[static_cast<size_t>(root(static_cast<ValueId>(v)))].add({last_use_[v], -1});
    }
  }

  void use(ValueId id, int work) {
    if (id != kNoValue) last_use_[static_cast<size_t>(id)] = work;
  }

  // Is `work` the last to use anything that lies with the value, and does it read nothing there but the value, once?
  bool dies_in(ValueId id, int work) {
    const Uses& uses = uses_[static_cast<size_t>(root(id))];
    const std::vector<ValueId>& inputs = all_.works[static_cast<size_t>(work)].inputs;
    return last_use_[static_cast<size_t>(id)] == work && uses.last == work && uses.last_but_one < work &&
           std::count(inputs.begin(), inputs.end(), id) == 1;
  }

  // From now on `id`, a block so far, is the other value, too.
  void join(ValueId id, ValueId other) {
    const Uses uses = uses_[static_cast<size_t>(id)];
    put(id, {Kind::kView, other, itself<T>});
    uses_[static_cast<size_t>(root(id))].add(uses);
  }

  void work_in_place(int w) {
    const Work& work = all_.works[static_cast<size_t>(w)];
    if (work.node < 0 || work.outputs[0] == kNoValue) return;
    const Inferred<T>& inferred = inferred_.nodes[static_cast<size_t>(work.node)].inferred;
    if (!inferred.may_work_in_place) return;
    const ValueId output = work.outputs[0];
    for (const size_t k : inferred.in_place_inputs) {
      if (k >= work.inputs.size() || work.inputs[k] == kNoValue) continue;
      const ValueId input = work.inputs[k];
      const bool alike = info(input).shape == info(output).shape && info(input).order == info(output).order &&
                         info(input).element == info(output).element;
      if (!alike || place(root(input)).kind != Kind::kBlock || !dies_in(input, w)) continue;
      if (can_move(input)) {  // wherever the output lies
        join(input, output);
      } else if (can_move(output) && can_be_written(natural(input))) {
        join(output, input);
      } else {
        continue;
      }
      return;
    }
  }

  // For as long as anything that lies in them is read, and the step that writes it runs.
  void number_blocks() {
    all_.staging.assign(graph_.inputs.size(), -1);
    for (size_t v = 0; v < all_.values.size(); ++v) {
      Place<T>& at = all_.places[v];
      const bool is_staged = at.kind == Kind::kInput && must_be_dense_[v];
      if (at.kind != Kind::kBlock && !is_staged) continue;
      const int block = static_cast<int>(all_.blocks.size());
      (is_staged ? all_.staging[static_cast<size_t>(at.index)] : at.index) = block;
      all_.blocks.push_back({all_.values[v].shape.count() * element_size<T>(all_.values[v].element),
                             is_staged ? 0 : std::numeric_limits<int>::max(), is_staged ? 0 : -1});
    }
    for (size_t w = 0; w < all_.works.size(); ++w) {
      for (const ValueId id : all_.works[w].inputs) live(id, static_cast<int>(w));
      for (const ValueId id : all_.works[w].outputs) live(id, static_cast<int>(w));
    }
  }
  void live(ValueId id, int work) {
    if (id == kNoValue) return;
    const Place<T>& at = place(root(id));
    const int block = at.kind == Kind::kBlock   ? at.index
                      : at.kind == Kind::kInput ? all_.staging[static_cast<size_t>(at.index)]
                                                : -1;
    if (block < 0) return;
    Block& lives = all_.blocks[static_cast<size_t>(block)];
    lives.first = std::min(lives.first, work);
    lives.last = std::max(lives.last, work);
  }

  void list_bases_first() {
    std::vector<bool> is_listed(all_.values.size(), false);
    std::vector<ValueId> waiting;
    for (size_t v = 0; v < all_.values.size(); ++v) {
      ValueId id = static_cast<ValueId>(v);
      while (!is_listed[static_cast<size_t>(id)] && place(id).kind != Kind::kNowhere) {
        waiting.push_back(id);
        is_listed[static_cast<size_t>(id)] = true;
        if (place(id).kind != Kind::kView) break;
        id = place(id).index;
      }
      all_.bases_first.insert(all_.bases_first.end(), waiting.rbegin(), waiting.rend());
      waiting.clear();
    }
  }

  const Graph<T>& graph_;
  const InferredGraph<T>& inferred_;
  Places<T> all_;
  std::vector<ArrayView<T>> natural_;
  std::vector<bool> must_be_dense_;  // of roots
  std::vector<int> last_use_;
  std::vector<Uses> uses_;  // of roots
};

}  // namespace

template <class T>
Places<T> find_places(const Graph<T>& graph, const InferredGraph<T>& inferred, bool may_overwrite) {
  return Placer<T>(graph, inferred).find(may_overwrite);
}

template Places<float> find_places(const Graph<float>&, const InferredGraph<float>&, bool);
template Places<double> find_places(const Graph<double>&, const InferredGraph<double>&, bool);

}  // namespace convstep::network
