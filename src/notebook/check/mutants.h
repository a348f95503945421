// mutants.h: the mistakes that are known, each a small change of the choices, so that two of them make a third.
#pragma once

#include <span>
#include <vector>

#include "convstep/check.h"
#include "notebook/check/choices.h"

namespace convstep::check {

struct Mutant {
  const char* name;
  const char* sentence;  // the mistake
  const char* hint;      // where to look, without the solution
  const char* reveal;    // what is right
  void (*change)(Choices&);
};

// A function's table, the more frequent mistakes first.
std::vector<const Mutant*> mutants_of(CheckedFunction function);

// Its parts, which functions share.
std::span<const Mutant> pad_mutants();        // zeros around the images
std::span<const Mutant> pad_shape_mutants();  // zeros around the images, where a window would not fit
std::span<const Mutant> size_mutants();       // how large the output is
std::span<const Mutant> window_mutants();     // where windows lie
std::span<const Mutant> number_mutants();     // of one number
std::span<const Mutant> sum_mutants();        // products, sum and bias of one window
std::span<const Mutant> filter_mutants();     // which filter, bias and channels
std::span<const Mutant> loop_mutants();       // which outputs are computed
std::span<const Mutant> result_mutants();     // what happens to a result
std::span<const Mutant> pool_mutants();
std::span<const Mutant> conv_gradient_mutants();
std::span<const Mutant> pool_gradient_mutants();
std::span<const Mutant> mask_mutants();
std::span<const Mutant> share_mutants();

}  // namespace convstep::check
