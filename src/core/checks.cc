#include "core/checks.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "convstep/error.h"

namespace convstep {
namespace {

bool is_empty(const Extent& view) { return std::find(view.shape, view.shape + view.rank, 0) != view.shape + view.rank; }

// The first byte of the view and the one after its last.
std::pair<uintptr_t, uintptr_t> span(const Extent& view) {
  uintptr_t first = reinterpret_cast<uintptr_t>(view.data);
  uintptr_t last = first;
  for (int axis = 0; axis < view.rank; ++axis) {
    const int64_t reach = (view.shape[axis] - 1) * view.strides[axis] * static_cast<int64_t>(view.element_size);
    (reach < 0 ? first : last) += static_cast<uintptr_t>(reach);
  }
  return {first, last + view.element_size};
}

bool same_elements(const Extent& a, const Extent& b) {
  return a.data == b.data && a.rank == b.rank && a.element_size == b.element_size &&
         std::equal(a.shape, a.shape + a.rank, b.shape) && std::equal(a.strides, a.strides + a.rank, b.strides);
}

}  // namespace

void check_batch_shape(const char* argument, const int64_t* shape, int rank, size_t element_size) {
  element_count(argument, shape, rank, element_size);
  if (std::find(shape + 1, shape + rank, 0) != shape + rank) {
    throw ShapeError(argument, to_string(shape, rank), "no axis of length 0 but the first, the batch");
  }
}

void check_full_shape(const char* argument, const int64_t* shape, int rank, size_t element_size) {
  element_count(argument, shape, rank, element_size);
  if (std::find(shape, shape + rank, 0) != shape + rank) {
    throw ShapeError(argument, to_string(shape, rank), "no axis of length 0");
  }
}

void check_shape(const char* argument, const int64_t* given, const int64_t* expected, int rank, const char* hint) {
  if (!std::equal(given, given + rank, expected)) {
    throw ShapeError(argument, to_string(given, rank), to_string(expected, rank), hint);
  }
}

void check_readable(const Extent& input) {
  if (!input.data && !is_empty(input)) {
    throw ParameterError(input.argument, "a null pointer",
                         "the elements of an array of shape " + to_string(input.shape, input.rank));
  }
}

void check_writable(const Extent& output) {
  check_readable(output);
  constexpr int kMaxRank = 8;
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
      throw ParameterError(output.argument, "strides " + to_string(output.strides, output.rank),
                           "strides that lead every index to an element of its own");
    }
    reach += stride * (length - 1);
  }
}

void check_no_overlap(const Extent& output, const Extent& input) {
  if (is_empty(output) || is_empty(input)) return;
  const auto [output_first, output_end] = span(output);
  const auto [input_first, input_end] = span(input);
  if (output_first < input_end && input_first < output_end) {
    throw ParameterError(output.argument, std::string("memory that overlaps ") + input.argument, "memory of its own");
  }
}

void check_no_partial_overlap(const Extent& output, const Extent& input) {
  if (!same_elements(output, input)) check_no_overlap(output, input);
}

}  // namespace convstep
