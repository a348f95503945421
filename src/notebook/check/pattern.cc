#include "notebook/check/pattern.h"

#include <algorithm>

#include "notebook/check/text.h"

namespace convstep::check {
namespace {

// Is every case right that `simple` holds for, and none of the others?
template <class Simple>
bool separates(std::span<const CheckCase> cases, const std::vector<Differences>& differences, Simple simple) {
  bool both[2] = {false, false};
  for (size_t k = 0; k < cases.size(); ++k) {
    if (differences[k].right().empty()) continue;  // an exception
    const bool right = !differences[k].any();
    if (right != simple(cases[k])) return false;
    both[right] = true;
  }
  return both[0] && both[1];
}

// Which index of this axis is right in all cases, where others of it are wrong: the first, 0, or the last, -1.
bool right_at(const std::vector<Differences>& differences, size_t output, size_t axis, bool last) {
  bool others = false;
  for (const Differences& here : differences) {
    if (here.right().empty()) continue;
    const auto& shape = here.right()[output].shape;
    const auto& wrong = here.wrong()[output];
    for (size_t place = 0; place < wrong.size(); ++place) {
      if (!wrong[place]) continue;
      const int64_t k = index_of(place, shape)[axis];
      if (k == (last ? shape[axis] - 1 : 0)) return false;
      others = true;
    }
  }
  return others;
}

// ", dW and db are right", of several outputs.
std::string right_outputs(CheckedFunction function, const std::vector<Differences>& differences) {
  std::string text;
  for (size_t output = 0; output < check_output_names(function).size(); ++output) {
    const bool right = std::all_of(differences.begin(), differences.end(), [&](const Differences& here) {
      return here.wrong().empty() ||
             std::find(here.wrong()[output].begin(), here.wrong()[output].end(), true) == here.wrong()[output].end();
    });
    if (right) text += ", " + std::string(check_output_names(function)[output]) + " is right";
  }
  return text;
}

}  // namespace

std::string pattern_text(CheckedFunction function, std::span<const CheckCase> cases,
                         const std::vector<Differences>& differences) {
  if (separates(cases, differences, [](const CheckCase& one) { return one.stride == 1; })) {
    return "; all are right where the stride is 1";
  }
  if (separates(cases, differences, [](const CheckCase& one) { return one.pad == 0; })) {
    return "; all are right where pad is 0";
  }
  if (separates(cases, differences, [](const CheckCase& one) { return one.average; })) {
    return "; all are right in mode \"average\"";
  }
  if (separates(cases, differences, [](const CheckCase& one) { return !one.average; })) {
    return "; all are right in mode \"max\"";
  }
  size_t wrong = 0, all = 0;
  for (const Differences& here : differences) {
    for (const std::vector<bool>& output : here.wrong()) {
      wrong += static_cast<size_t>(std::count(output.begin(), output.end(), true));
      all += output.size();
    }
  }
  std::string text = "; " + std::to_string(wrong) + " of " + std::to_string(all) + " numbers differ";
  if (wrong == 1) return text;
  text += right_outputs(function, differences);
  const size_t begin = text.size();
  for (size_t output = 0; output < check_output_names(function).size(); ++output) {
    const auto words = axis_words(function, output);
    for (size_t axis = 0; axis < words.size(); ++axis) {
      for (const bool last : {false, true}) {
        if (!right_at(differences, output, axis, last)) continue;
        text +=
            (text.size() == begin ? ", none of them in " : ", or in ") +
            std::string(last ? "the last " : "the first ") + words[axis] +
            (check_output_names(function).size() > 1 ? std::string(" of ") + check_output_names(function)[output] : "");
      }
    }
  }
  return text;
}

}  // namespace convstep::check
