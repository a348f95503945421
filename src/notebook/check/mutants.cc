// mutants.cc: the tables of the functions, of the parts that they share.
#include "notebook/check/mutants.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace convstep::check {
namespace {

// The rows of some parts, but for those that a function has no place for.
std::vector<const Mutant*> table(std::initializer_list<std::span<const Mutant>> parts,
                                 std::initializer_list<std::string_view> without = {}) {
  std::vector<const Mutant*> all;
  for (const std::span<const Mutant> part : parts) {
    for (const Mutant& mutant : part) {
      if (std::find(without.begin(), without.end(), mutant.name) == without.end()) all.push_back(&mutant);
    }
  }
  return all;
}

}  // namespace

std::vector<const Mutant*> mutants_of(CheckedFunction function) {
  switch (function) {
    case CheckedFunction::kZeroPad:
      return table({pad_shape_mutants(), pad_mutants(), result_mutants()}, {"pad_left_out", "padding_unused"});
    case CheckedFunction::kConvSingleStep:
      return table({number_mutants(), sum_mutants(), result_mutants()}, {"divided_by_images"});
    case CheckedFunction::kConvForward:
      return table({window_mutants(), sum_mutants(), filter_mutants(), loop_mutants(), size_mutants(), pad_mutants(),
                    result_mutants()});
    case CheckedFunction::kPoolForward:
      return table({window_mutants(), pool_mutants(), loop_mutants(), size_mutants(), result_mutants()},
                   {"loop_over_input_channels", "pad_for_stride", "pad_once_in_size", "pad_left_out_of_size",
                    "stride_divides_pad_alone"});
    case CheckedFunction::kConvBackward:
      return table({conv_gradient_mutants(), window_mutants(), loop_mutants(), pad_mutants(), result_mutants()},
                   {"stride_ignored", "last_position_for_all", "window_size_is_stride", "columns_by_row_index",
                    "rows_by_column_index", "images_reversed", "pad_left_out", "padding_unused", "pad_of_one"});
    case CheckedFunction::kCreateMaskFromWindow:
      return table({mask_mutants()});
    case CheckedFunction::kDistributeValue:
      return table({share_mutants(), result_mutants()}, {"divided_by_images"});
    case CheckedFunction::kPoolBackward:
      return table({pool_gradient_mutants(), window_mutants(), loop_mutants(), result_mutants()},
                   {"stride_ignored", "last_position_for_all", "window_size_is_stride", "columns_by_row_index",
                    "rows_by_column_index", "loop_over_input_channels", "pad_for_stride", "first_image_for_all",
                    "last_image_for_all", "images_reversed"});
  }
  return {};
}

}  // namespace convstep::check
