#include "core/array_checks.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "convstep/error.h"

namespace convstep {
namespace {

constexpr int kMaxRank = 8;

bool is_empty(const Extent& view) { return std::find(view.shape, view.shape + view.rank, 0) != view.shape + view.rank; }

// The bytes from the first element of an axis to its last, or kTooFar where they are more than any memory has.
constexpr int64_t kTooFar = int64_t{1} << 60;
int64_t reach_of(const Extent& view, int axis) {
  const int64_t size = static_cast<int64_t>(view.element_size);
  const double bytes = double(view.shape[axis] - 1) * double(view.strides[axis]) * double(size);
  if (std::abs(bytes) >= double(kTooFar)) return bytes < 0 ? -kTooFar : kTooFar;
  return (view.shape[axis] - 1) * view.strides[axis] * size;
}

// The first byte of the view and the one after its last.
std::pair<uintptr_t, uintptr_t> span(const Extent& view) {
  uintptr_t first = reinterpret_cast<uintptr_t>(view.data);
  uintptr_t last = first;
  for (int axis = 0; axis < view.rank; ++axis) {
    const int64_t reach = reach_of(view, axis);
    (reach < 0 ? first : last) += static_cast<uintptr_t>(reach);
  }
  return {first, last + view.element_size};
}

// One way to move an address: by `step` bytes, up to `most` times.
struct Move {
  int64_t step, most;
};

// Does a sum of these moves, from the longest step to the shortest, come to `distance`? Looks at no more than `looks`
// ways, and then says yes. Each move leaves the next ones only what they can make up for, so that there are one or two
// ways where every step is longer than all that follow it can reach.
bool comes_to(int64_t distance, const Move* moves, int count, int& looks) {
  if (distance < 0) return false;
  if (count == 0) return distance == 0;
  if (--looks < 0) return true;
  int64_t rest = 0;
  for (int i = 1; i < count; ++i) rest += moves[i].step * moves[i].most;
  const int64_t lacking = std::max<int64_t>(distance - rest, 0);
  const int64_t least = lacking / moves[0].step + (lacking % moves[0].step != 0);
  for (int64_t n = std::min(distance / moves[0].step, moves[0].most); n >= least; --n) {
    if (comes_to(distance - n * moves[0].step, moves + 1, count - 1, looks)) return true;
  }
  return false;
}

// Inserts a move in order; one more with the same step only makes that one longer.
void add_move(const Move& move, Move* moves, int& count) {
  if (move.step == 0 || move.most == 0) return;
  int place = count;
  while (place > 0 && moves[place - 1].step < move.step) --place;
  if (place > 0 && moves[place - 1].step == move.step) {
    moves[place - 1].most += move.most;
    return;
  }
  std::copy_backward(moves + place, moves + count, moves + count + 1);
  moves[place] = move;
  ++count;
}

// Makes one move of two where the shorter step fills the gaps of the longer: dense axes become one, and a slice of
// every second row goes with the rows.
void join_moves(Move* moves, int& count) {
  for (int i = count - 2; i >= 0; --i) {
    const Move &longer = moves[i], &shorter = moves[i + 1];
    const int64_t ratio = longer.step / shorter.step;
    if (longer.step % shorter.step != 0 || shorter.most < ratio - 1) continue;
    moves[i] = {shorter.step, ratio * longer.most + shorter.most};
    std::copy(moves + i + 2, moves + count, moves + i + 1);
    --count;
  }
}

// Is there a byte that an element of both holds? With every index of `b` counted from its far end, the distance from
// the last byte of b to the first of a must be made up for by moves along the axes of both and within an element.
bool may_share(const Extent& a, const Extent& b) {
  constexpr int kLooks = 10'000;  // about 100 microseconds
  const auto [a_first, a_end] = span(a);
  const auto [b_first, b_end] = span(b);
  if (a_end <= b_first || b_end <= a_first) return false;
  std::array<Move, 2 * kMaxRank + 1> moves;
  int count = 0;
  for (const Extent* view : {&a, &b}) {
    const int64_t size = static_cast<int64_t>(view->element_size);
    for (int axis = 0; axis < view->rank; ++axis) {
      if (std::abs(reach_of(*view, axis)) == kTooFar) return true;
      if (view->shape[axis] > 1)
        add_move({std::abs(view->strides[axis]) * size, view->shape[axis] - 1}, moves.data(), count);
    }
    add_move({1, size - 1}, moves.data(), count);
  }
  join_moves(moves.data(), count);
  int looks = kLooks;
  return comes_to(static_cast<int64_t>(b_end - 1 - a_first), moves.data(), count, looks);
}

bool same_elements(const Extent& a, const Extent& b) {
  return a.data == b.data && a.rank == b.rank && a.element_size == b.element_size &&
         std::equal(a.shape, a.shape + a.rank, b.shape) && std::equal(a.strides, a.strides + a.rank, b.strides);
}

}  // namespace

void check_batch_shape(const char* argument, const int64_t* shape, int rank, size_t element_size) {
  element_count(argument, shape, rank, element_size);
  if (std::find(shape + 1, shape + rank, 0) != shape + rank) {
    throw ShapeError(argument, ErrorText::axes(argument, shape, rank), "no axis of length 0 but the first, the batch");
  }
}

void check_full_shape(const char* argument, const int64_t* shape, int rank, size_t element_size) {
  element_count(argument, shape, rank, element_size);
  if (std::find(shape, shape + rank, 0) != shape + rank) {
    throw ShapeError(argument, ErrorText::axes(argument, shape, rank), "no axis of length 0");
  }
}

void check_shape(const char* argument, const int64_t* given, const int64_t* expected, int rank, const char* hint) {
  if (!std::equal(given, given + rank, expected)) {
    throw ShapeError(argument, ErrorText::axes(argument, given, rank), ErrorText::axes(argument, expected, rank), hint);
  }
}

void check_input_shape(const Shape<4>& given, const Shape<4>& expected) {
  if (given == expected) return;
  throw ShapeError("input", ErrorText::axes("input", given), ErrorText::axes("input", expected),
                   ErrorText::axes("input", {"N", "H", "W", "C"}) + " of the plan");
}

void check_output_shape(const Shape<4>& given, const Shape<4>& expected, const char* channels) {
  if (given == expected) return;
  throw ShapeError("output", ErrorText::axes("output", given), ErrorText::axes("output", expected),
                   ErrorText::axes("output", {"N", "OH", "OW", channels}));
}

void check_readable(const Extent& input) {
  if (!input.data && !is_empty(input)) {
    throw ParameterError(
        input.argument, "a null pointer",
        "the elements of an array of shape " + ErrorText::axes(input.argument, input.shape, input.rank));
  }
}

void check_writable(const Extent& output) {
  check_readable(output);
  if (is_empty(output)) return;
  std::array<std::pair<int64_t, int64_t>, kMaxRank>
      axes;  // stride, length: from the closest neighbours to the farthest
  int count = 0;
  for (int axis = 0; axis < output.rank; ++axis) {
    if (output.shape[axis] <= 1) continue;
    // Inserted in order: the few axes need no sort, nor memory from the heap in every call.
    const std::pair<int64_t, int64_t> entry{std::abs(output.strides[axis]), output.shape[axis]};
    int place = count++;
    for (; place > 0 && entry < axes[place - 1]; --place) axes[place] = axes[place - 1];
    axes[place] = entry;
  }
  int64_t reach = 0;
  for (int i = 0; i < count; ++i) {
    const auto& [stride, length] = axes[i];
    if (stride <= reach) {
      throw ParameterError(output.argument, "strides " + ErrorText::axes(output.argument, output.strides, output.rank),
                           "strides that lead every index to an element of its own");
    }
    reach += stride * (length - 1);
  }
}

void check_steps(const Extent& input, const WindowGeometry& geometry) {
  const double most = double(int64_t{1} << 60) / double(input.element_size);  // room for sums of several
  const double rows = geometry.height.span() * std::abs(double(input.strides[1]));
  const double columns = geometry.width.span() * std::abs(double(input.strides[2]));
  if (rows < most && columns < most && std::abs(double(input.strides[3])) < most) return;
  throw ParameterError(input.argument, "strides " + ErrorText::axes(input.argument, input.strides, input.rank),
                       "strides whose product with the padded height or width fits in 60 bits");
}

void check_no_overlap(const Extent& output, const Extent& input) {
  if (!is_empty(output) && !is_empty(input) && may_share(output, input)) {
    throw ParameterError(output.argument, "memory that overlaps " + ErrorText::name(input.argument),
                         "memory of its own");
  }
}

void check_no_partial_overlap(const Extent& output, const Extent& input) {
  if (!same_elements(output, input)) check_no_overlap(output, input);
}

void check_labels(const View<const int64_t, 1>& labels, int64_t classes) {
  for (int64_t n = 0; n < labels.shape(0); ++n) {
    if (labels(n) >= 0 && labels(n) < classes) continue;
    throw ParameterError("labels", std::to_string(labels(n)) + " at index " + std::to_string(n),
                         "0 to " + std::to_string(classes - 1), "there are " + std::to_string(classes) + " classes");
  }
}

}  // namespace convstep
