// check_test.cc: every known mistake is named by what it gives, alone and in pairs, and what is right is called right.
#include "convstep/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "notebook/check/comparison.h"
#include "notebook/check/mutants.h"
#include "notebook/check/run.h"
#include "notebook/numpy_random.h"

namespace convstep::check {
namespace {

std::vector<CheckedFunction> all_functions() {
  std::vector<CheckedFunction> all;
  for (int k = 0; k < kCheckedFunctions; ++k) all.push_back(static_cast<CheckedFunction>(k));
  return all;
}

// What the choices give; nothing where code would end with an exception.
class Recording : public Sink {
 public:
  bool begin(size_t, const std::vector<int64_t>& shape) override {
    outputs.push_back({shape, {}});
    return true;
  }
  bool value(double value, double, int64_t) override {
    outputs.back().values.push_back(value);
    return true;
  }
  CheckOutputs outputs;
};

std::optional<std::vector<CheckOutputs>> outputs_of(CheckedFunction function, const std::vector<CheckCase>& cases,
                                                    const Choices& choices) {
  std::vector<CheckOutputs> all;
  for (const CheckCase& one : cases) {
    Recording recording;
    if (!run(function, one, choices, recording)) return {};
    all.push_back(std::move(recording.outputs));
  }
  return all;
}

Choices choices_of(const Mutant& mutant) {
  Choices choices;
  mutant.change(choices);
  return choices;
}

class CheckTest : public testing::TestWithParam<CheckedFunction> {
 protected:
  std::vector<CheckCase> cases_ = check_cases(GetParam());
  std::vector<const Mutant*> table_ = mutants_of(GetParam());
};

TEST_P(CheckTest, FunctionsHaveTheirNames) {
  EXPECT_EQ(checked_function(checked_name(GetParam())), GetParam());
  EXPECT_EQ(checked_function("conv"), std::nullopt);
}

TEST_P(CheckTest, RightOutputsAreRight) {
  const auto right = outputs_of(GetParam(), cases_, Choices());
  ASSERT_TRUE(right);
  const CheckFinding finding = check_outputs(GetParam(), cases_, *right);
  EXPECT_EQ(finding.kind, CheckFinding::Kind::kRight) << finding.message << finding.evidence;
}

TEST_P(CheckTest, RightOutputsInFloatAreRight) {
  auto outputs = outputs_of(GetParam(), cases_, Choices());
  for (CheckOutputs& one : *outputs)
    for (CheckArray& array : one)
      for (double& value : array.values) value = static_cast<float>(value * (1 + 3e-8));
  EXPECT_EQ(check_outputs(GetParam(), cases_, *outputs).kind, CheckFinding::Kind::kRight);
}

TEST_P(CheckTest, NamesAreDifferentAndWordsAreThere) {
  std::set<std::string> names;
  for (const Mutant* mutant : table_) {
    EXPECT_TRUE(names.insert(mutant->name).second) << mutant->name;
    EXPECT_TRUE(std::string(mutant->sentence).ends_with(".")) << mutant->sentence;
    EXPECT_NE(std::string(mutant->hint), "") << mutant->name;
    EXPECT_NE(std::string(mutant->reveal), "") << mutant->name;
  }
}

TEST_P(CheckTest, EverySingleMistakeIsNamed) {
  for (const Mutant* mutant : table_) {
    const auto yours = outputs_of(GetParam(), cases_, choices_of(*mutant));
    if (!yours) continue;  // an exception of Python's
    const CheckFinding finding = check_outputs(GetParam(), cases_, *yours);
    ASSERT_EQ(finding.mistakes.size(), 1u) << mutant->name << ": " << finding.message;
    EXPECT_EQ(finding.mistakes[0], mutant->name) << finding.message;
    EXPECT_NE(finding.evidence, "");
  }
}

TEST_P(CheckTest, PairsOfMistakesAreNamed) {
  size_t pairs = 0, same = 0;
  for (size_t a = 0; a < table_.size(); ++a) {
    for (size_t b = a + 1; b < table_.size(); b += 7) {  // some of them: each takes a search
      Choices both = choices_of(*table_[a]), other = choices_of(*table_[b]);
      table_[b]->change(both);
      table_[a]->change(other);
      if (both != other || both == choices_of(*table_[a]) || both == choices_of(*table_[b])) continue;
      const auto yours = outputs_of(GetParam(), cases_, both);
      if (!yours) continue;
      const CheckFinding finding = check_outputs(GetParam(), cases_, *yours);
      const std::vector<std::string> names{table_[a]->name, table_[b]->name};
      ++pairs;
      if (finding.mistakes == names) ++same;
      // Two mistakes may undo each other, or be one.
      EXPECT_TRUE(finding.kind == CheckFinding::Kind::kRight || !finding.mistakes.empty())
          << names[0] << ", " << names[1];
    }
  }
  RecordProperty("pairs", static_cast<int>(pairs));
  std::printf("%s: %zu of %zu pairs by their own names\n", checked_name(GetParam()), same, pairs);
}

INSTANTIATE_TEST_SUITE_P(All, CheckTest, testing::ValuesIn(all_functions()),
                         [](const auto& it) { return std::string(checked_name(it.param)); });

}  // namespace
}  // namespace convstep::check
