// judge.cc: check_outputs: right, a known mistake or two, or else the first output that differs.
#include <algorithm>
#include <cmath>
#include <functional>

#include "notebook/check/comparison.h"
#include "notebook/check/difference.h"
#include "notebook/check/pattern.h"
#include "notebook/check/search.h"
#include "notebook/check/text.h"

namespace convstep {
namespace check {
namespace {

struct Judged {
  CheckedFunction function;
  std::span<const CheckCase> cases;
  std::span<const CheckOutputs> yours;
  std::vector<Differences> differences;  // one for each case

  // The first case with a difference.
  size_t first_wrong() const {
    const auto found = std::find_if(differences.begin(), differences.end(), std::mem_fn(&Differences::any));
    return static_cast<size_t>(found - differences.begin());
  }
  const char* output_name(size_t output) const { return check_output_names(function)[output]; }
};

// Puts two mistakes' words together.
std::string joined(const std::vector<const Mutant*>& mutants, const char* Mutant::*words) {
  std::string text;
  for (const Mutant* mutant : mutants) {
    const std::string one = mutant->*words;
    if (text.find(one) == std::string::npos) text += (text.empty() ? "" : " ") + one;
  }
  return text;
}

void name_mistakes(const std::vector<const Mutant*>& mutants, CheckFinding& finding) {
  for (const Mutant* mutant : mutants) finding.mistakes.emplace_back(mutant->name);
  finding.message = (mutants.size() > 1 ? "Two things: " : "") + joined(mutants, &Mutant::sentence);
  finding.hint = joined(mutants, &Mutant::hint);
  for (const Mutant* mutant : mutants) {
    const std::string one = mutant->reveal;
    if (finding.reveal.find(one) == std::string::npos) finding.reveal += (finding.reveal.empty() ? "" : "; ") + one;
  }
}

// "Z is (2, 3, 4, 2), expected (2, 3, 3, 2): column 1 too many (A_prev ...)".
std::string shape_evidence(const Judged& judged, size_t number, size_t output) {
  const std::vector<int64_t>& yours = judged.yours[number][output].shape;
  const std::vector<int64_t>& right = judged.differences[number].right()[output].shape;
  std::string text = std::string(judged.output_name(output)) + " has the shape " + shape_text(yours) + ", expected " +
                     shape_text(right);
  if (yours.size() == right.size()) {
    const auto words = axis_words(judged.function, output);
    for (size_t k = 0; k < right.size(); ++k) {
      const int64_t more = yours[k] - right[k];
      if (more == 0) continue;
      const int64_t count = std::abs(more);
      text += std::string(", ") + std::to_string(count) + " " + words[k] + (count == 1 ? "" : "s") +
              (more > 0 ? " too many" : " too few");
    }
  }
  return text + " (" + case_text(judged.function, judged.cases[number]) + ")";
}

std::string shape_message(const Judged& judged, size_t number, size_t output) {
  const std::vector<int64_t>& yours = judged.yours[number][output].shape;
  const std::vector<int64_t>& right = judged.differences[number].right()[output].shape;
  const std::string name = judged.output_name(output);
  if (yours.size() != right.size()) {
    return name + " has " + std::to_string(yours.size()) + (yours.size() == 1 ? " axis" : " axes") + ", where " +
           (right.empty() ? "a single number is expected." : std::to_string(right.size()) + " are expected.");
  }
  if (std::is_permutation(yours.begin(), yours.end(), right.begin())) {
    return "The axes of " + name + " are in another order.";
  }
  return "The shape of " + name + " is wrong.";
}

CheckFinding shape_finding(const Judged& judged) {
  CheckFinding finding{.kind = CheckFinding::Kind::kShape};
  size_t number = 0, output = 0;
  const auto differs = [&](size_t n, size_t k) {
    return judged.yours[n][k].shape != judged.differences[n].right()[k].shape;
  };
  while (!judged.differences[number].shapes_differ()) ++number;
  while (!differs(number, output)) ++output;
  const auto singles = explanations(judged.function, judged.cases, judged.yours, Explain::kShapes);
  const auto mutants =
      singles.empty() ? explanation(judged.function, judged.cases, judged.yours, Explain::kShapes) : singles;
  if (mutants.empty() || singles.size() > 1) {
    finding.message = shape_message(judged, number, output);
    finding.hint = "Print the shape of each array on the way, and compare it with what the docstring says.";
    // On arrays of one's own several mistakes may have the same shape.
    for (const Mutant* mutant : singles) finding.hint += std::string(" It may be: ") + mutant->sentence;
    finding.reveal = std::string(judged.output_name(output)) + " has the shape " +
                     shape_text(judged.differences[number].right()[output].shape) + " for this input";
  } else {
    name_mistakes(mutants, finding);
  }
  finding.evidence = shape_evidence(judged, number, output);
  return finding;
}

// The first number that is not right, in the first case that has one.
CheckDifference first_difference(const Judged& judged) {
  CheckDifference difference;
  difference.number = judged.first_wrong();
  const Differences& here = judged.differences[difference.number];
  for (size_t output = 0; output < here.right().size(); ++output) {
    const auto& wrong = here.wrong()[output];
    const auto found = std::find(wrong.begin(), wrong.end(), true);
    if (found == wrong.end()) continue;
    const size_t place = static_cast<size_t>(found - wrong.begin());
    difference.output = judged.output_name(output);
    difference.index = index_of(place, here.right()[output].shape);
    difference.yours = judged.yours[difference.number][output].values[place];
    difference.right = here.right()[output].values[place];
    write_out(judged.function, judged.cases[difference.number], output, difference);
    break;
  }
  return difference;
}

std::string value_evidence(const Judged& judged, const CheckDifference& it) {
  return place_text(it.output, it.index) + " is " + number_text(it.yours) + ", expected " + number_text(it.right) +
         " (" + case_text(judged.function, judged.cases[it.number]) + ")";
}

CheckFinding not_finite_finding(const Judged& judged, CheckDifference difference) {
  CheckFinding finding{.kind = CheckFinding::Kind::kNotFinite};
  finding.message =
      std::isnan(difference.yours) ? "Some of your numbers are NaN." : "Some of your numbers are infinite.";
  finding.evidence = value_evidence(judged, difference);
  finding.hint = "Is there a division by 0, a mean of an empty slice, or an array made by np.empty that is not filled?";
  finding.reveal = "Begin with np.zeros(...), and give every element its value";
  finding.first_difference = std::move(difference);
  return finding;
}

CheckFinding unexplained_finding(const Judged& judged, CheckDifference difference) {
  CheckFinding finding{.kind = CheckFinding::Kind::kUnexplained};
  const std::string place = place_text(difference.output, difference.index);
  const std::string pattern = pattern_text(judged.function, judged.cases, judged.differences);
  finding.message = "The first number that differs is " + place + ": " + difference.change + ".";
  finding.evidence = value_evidence(judged, difference) + pattern;
  finding.hint = "Compute " + place + " by hand from its window, below, and print what your code has at each step.";
  finding.reveal = place + " is " + number_text(difference.right);
  finding.first_difference = std::move(difference);
  return finding;
}

// Is it a mistake in where windows lie, or in how many there are?
bool moves_windows_alone(const Mutant& mutant) {
  Choices choices;
  mutant.change(choices);
  choices.rows = choices.columns = AxisChoices();
  return choices == Choices();
}

// All outputs are right that there are. Where other calls ended with an exception, one mistake may say why.
CheckFinding nothing_wrong(const Judged& judged) {
  const auto raised = [](const CheckOutputs& outputs) { return outputs.empty(); };
  if (std::none_of(judged.yours.begin(), judged.yours.end(), raised)) {
    return {.message = std::string(checked_name(judged.function)) + " is right."};
  }
  CheckFinding finding{.kind = CheckFinding::Kind::kUnexplained};
  if (std::all_of(judged.yours.begin(), judged.yours.end(), raised)) return finding;
  const auto mutants = explanation(judged.function, judged.cases, judged.yours, Explain::kValues, 1);
  if (mutants.empty() || !moves_windows_alone(*mutants.front())) return finding;
  finding.kind = CheckFinding::Kind::kValues;
  name_mistakes(mutants, finding);
  return finding;
}

}  // namespace
}  // namespace check

CheckFinding check_outputs(CheckedFunction function, std::span<const CheckCase> cases,
                           std::span<const CheckOutputs> yours) {
  using namespace check;
  if (cases.empty() || cases.size() != yours.size()) {
    throw ParameterError("yours", std::to_string(yours.size()) + " outputs",
                         std::to_string(std::max<size_t>(1, cases.size())), "one for each case");
  }
  Judged judged{function, cases, yours, {}};
  for (size_t k = 0; k < cases.size(); ++k) {
    check_case(function, cases[k]);
    judged.differences.emplace_back(yours[k]);
    if (yours[k].empty()) continue;
    check_given(function, yours[k]);
    run(function, cases[k], Choices(), judged.differences.back());
    judged.differences.back().settle();
  }
  if (judged.first_wrong() == cases.size()) return nothing_wrong(judged);

  const bool raised = std::any_of(yours.begin(), yours.end(), [](const CheckOutputs& one) { return one.empty(); });
  // Where calls ended with exceptions too little is known to tell two mistakes.
  const auto mutants = explanation(function, cases, yours, Explain::kValues, raised ? 1 : 2);
  const bool shapes =
      std::any_of(judged.differences.begin(), judged.differences.end(), std::mem_fn(&Differences::shapes_differ));
  if (shapes && mutants.empty()) return shape_finding(judged);
  if (shapes) {
    CheckFinding finding = shape_finding(judged);
    finding.mistakes.clear();
    finding.reveal.clear();
    name_mistakes(mutants, finding);
    return finding;
  }
  CheckDifference difference = first_difference(judged);
  if (!std::isfinite(difference.yours) && std::isfinite(difference.right)) {
    return not_finite_finding(judged, std::move(difference));
  }
  if (mutants.empty()) return unexplained_finding(judged, std::move(difference));
  CheckFinding finding{.kind = CheckFinding::Kind::kValues};
  name_mistakes(mutants, finding);
  finding.evidence = value_evidence(judged, difference);
  finding.first_difference = std::move(difference);
  return finding;
}

}  // namespace convstep
