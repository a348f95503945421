// run.h: the notebook's functions with choices, as plain loops that hand their outputs over one after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "convstep/check.h"
#include "notebook/check/choices.h"

namespace convstep::check {

// What a run gives its outputs to.
class Sink {
 public:
  virtual ~Sink() = default;
  // Output number `output` has this shape, and its values follow. False: the run is of no more use.
  virtual bool begin(size_t output, const std::vector<int64_t>& shape) = 0;
  // The next value in row-major order, a sum of `terms` terms with magnitudes that sum to `magnitude`.
  virtual bool value(double value, double magnitude, int64_t terms) = 0;
};

// Runs the function on a case that was checked (check_case). False where the sink wanted no more, or where code with
// these choices would have ended with an exception, as windows would not fit.
bool run(CheckedFunction function, const CheckCase& one, const Choices& choices, Sink& sink);

bool run_zero_pad(const CheckCase& one, const Choices& choices, Sink& sink);
bool run_single_step(const CheckCase& one, const Choices& choices, Sink& sink);
bool run_conv(const CheckCase& one, const Choices& choices, Sink& sink);
bool run_pool(const CheckCase& one, const Choices& choices, Sink& sink);
bool run_conv_backward(const CheckCase& one, const Choices& choices, Sink& sink);
bool run_mask(const CheckCase& one, const Choices& choices, Sink& sink);
bool run_share(const CheckCase& one, const Choices& choices, Sink& sink);
bool run_pool_backward(const CheckCase& one, const Choices& choices, Sink& sink);

// Throws ShapeError or ParameterError where the inputs do not fit each other.
void check_case(CheckedFunction function, const CheckCase& one);
// The same for outputs: as many as there are, with as many values as their shapes say.
void check_given(CheckedFunction function, const CheckOutputs& yours);

}  // namespace convstep::check
