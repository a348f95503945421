#include "notebook/check/search.h"

#include "notebook/check/comparison.h"
#include "notebook/check/run.h"

namespace convstep::check {
namespace {

// Compares shapes alone. It ends the run with the first value: all functions tell their shapes before.
class ShapeComparison : public Sink {
 public:
  explicit ShapeComparison(const CheckOutputs& yours) : yours_(yours) {}

  bool begin(size_t output, const std::vector<int64_t>& shape) override {
    same_ = same_ && output < yours_.size() && yours_[output].shape == shape;
    seen_ = output + 1;
    return same_;
  }
  bool value(double, double, int64_t) override { return same_ && seen_ < yours_.size(); }
  bool same() const { return same_ && seen_ == yours_.size(); }

 private:
  const CheckOutputs& yours_;
  bool same_ = true;
  size_t seen_ = 0;
};

// Lets a run come to its end.
class Spectator : public Sink {
 public:
  bool begin(size_t, const std::vector<int64_t>&) override { return true; }
  bool value(double, double, int64_t) override { return true; }
};

// Pairs are left aside where they would take longer than a second or two: on large arrays of somebody's own, and there
// for gradients alone, as other runs end at the first number that differs.
constexpr double kMostWork = 2e9;

double work(CheckedFunction function, const CheckCase& one) {
  if (function == CheckedFunction::kConvBackward) {
    return static_cast<double>(one.inputs[0].values.size()) * static_cast<double>(one.inputs[2].values.size());
  }
  if (function == CheckedFunction::kPoolBackward) {
    return static_cast<double>(one.inputs[0].values.size()) * static_cast<double>(one.f * one.f);
  }
  return 0;
}

}  // namespace

bool explains(CheckedFunction function, std::span<const CheckCase> cases, std::span<const CheckOutputs> yours,
              const Choices& choices, Explain what) {
  for (size_t k = 0; k < cases.size(); ++k) {
    if (yours[k].empty()) {  // an exception
      Spectator spectator;
      if (what == Explain::kValues && run(function, cases[k], choices, spectator)) return false;
    } else if (what == Explain::kValues) {
      Comparison comparison(yours[k]);
      if (!run(function, cases[k], choices, comparison)) return false;
    } else {
      ShapeComparison comparison(yours[k]);
      run(function, cases[k], choices, comparison);
      if (!comparison.same()) return false;
    }
  }
  return true;
}

std::vector<const Mutant*> explanations(CheckedFunction function, std::span<const CheckCase> cases,
                                        std::span<const CheckOutputs> yours, Explain what) {
  std::vector<const Mutant*> all = mutants_of(function);
  std::erase_if(all, [&](const Mutant* mutant) {
    Choices choices;
    mutant->change(choices);
    return !explains(function, cases, yours, choices, what);
  });
  return all;
}

std::vector<const Mutant*> explanation(CheckedFunction function, std::span<const CheckCase> cases,
                                       std::span<const CheckOutputs> yours, Explain what, size_t most) {
  const std::vector<const Mutant*> table = mutants_of(function);
  std::vector<Choices> singles(table.size());
  for (size_t a = 0; a < table.size(); ++a) {
    table[a]->change(singles[a]);
    if (explains(function, cases, yours, singles[a], what)) return {table[a]};
  }
  if (most < 2) return {};
  const double pairs = static_cast<double>(table.size() * table.size()) / 2;
  if (pairs * work(function, cases.front()) > kMostWork) return {};
  for (size_t a = 0; a < table.size(); ++a) {
    for (size_t b = a + 1; b < table.size(); ++b) {
      Choices both = singles[a];
      table[b]->change(both);
      Choices other_way = singles[b];
      table[a]->change(other_way);
      // Where both change the same thing, the second undoes the first.
      if (both != other_way || both == singles[a] || both == singles[b]) continue;
      if (explains(function, cases, yours, both, what)) return {table[a], table[b]};
    }
  }
  return {};
}

}  // namespace convstep::check
