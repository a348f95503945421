// check_test.cc: every known mistake is named by what it gives, alone and in pairs, and what is right is called right.
#include "convstep/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "notebook/check/run.h"
#include "notebook/check/search.h"
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

  // Do the mistakes of these names give these outputs?
  bool gives(const std::vector<std::string>& names, const std::vector<CheckOutputs>& yours) const {
    Choices choices;
    for (const Mutant* mutant : table_) {
      if (std::find(names.begin(), names.end(), mutant->name) != names.end()) mutant->change(choices);
    }
    return explains(GetParam(), cases_, yours, choices, Explain::kValues);
  }
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
  for (size_t a = 0; a < table_.size(); ++a) {
    for (size_t b = a + 1; b < table_.size(); b += 23) {  // some of them: each takes a search
      Choices both = choices_of(*table_[a]), other = choices_of(*table_[b]);
      table_[b]->change(both);
      table_[a]->change(other);
      if (both != other || both == choices_of(*table_[a]) || both == choices_of(*table_[b])) continue;
      const auto yours = outputs_of(GetParam(), cases_, both);
      if (!yours) continue;
      const CheckFinding finding = check_outputs(GetParam(), cases_, *yours);
      // Two mistakes may undo each other, hide each other, or be what another one is: then that is said, which gives
      // the same.
      if (finding.kind == CheckFinding::Kind::kRight) continue;
      ASSERT_FALSE(finding.mistakes.empty()) << table_[a]->name << ", " << table_[b]->name;
      EXPECT_TRUE(gives(finding.mistakes, *yours)) << table_[a]->name << ", " << table_[b]->name;
    }
  }
}

TEST_P(CheckTest, AnExceptionIsNoOutput) {
  std::vector<CheckOutputs> none(cases_.size());
  const CheckFinding finding = check_outputs(GetParam(), cases_, none);
  EXPECT_EQ(finding.kind, CheckFinding::Kind::kUnexplained);
  EXPECT_TRUE(finding.mistakes.empty());
}

TEST_P(CheckTest, WhatNoMistakeExplainsIsWrittenOut) {
  auto yours = *outputs_of(GetParam(), cases_, Choices());
  double& changed = yours[0][0].values.back();
  const double right = changed;
  changed += 0.3125;
  const CheckFinding finding = check_outputs(GetParam(), cases_, yours);
  EXPECT_EQ(finding.kind, CheckFinding::Kind::kUnexplained);
  ASSERT_TRUE(finding.first_difference);
  EXPECT_EQ(finding.first_difference->right, right);
  EXPECT_EQ(finding.first_difference->yours, changed);
  EXPECT_NE(finding.first_difference->change, "");
}

INSTANTIATE_TEST_SUITE_P(All, CheckTest, testing::ValuesIn(all_functions()),
                         [](const auto& it) { return std::string(checked_name(it.param)); });

// The mean of what learners got on the test of the notebook's 2021 version, as they asked about it in public.
struct Figure {
  CheckedFunction function;
  const char* mistake;
  double mean;  // of Z, or of dA_prev
};
void PrintTo(const Figure& figure, std::ostream* out) { *out << figure.mistake << ", mean " << figure.mean; }
constexpr Figure kFigures[] = {
    {CheckedFunction::kConvForward, "", 0.551128},
    {CheckedFunction::kConvForward, "stride_unused", 0.532903},
    {CheckedFunction::kConvForward, "stride_on_rows_alone", 0.299972},
    {CheckedFunction::kConvForward, "stride_on_columns_alone", 0.831351},
    {CheckedFunction::kConvForward, "bias_in_sum", 8.197763},
    {CheckedFunction::kConvForward, "bias_left_out", 0.332652},
    {CheckedFunction::kConvForward, "first_bias_for_all", -1.066160},
    {CheckedFunction::kConvForward, "first_filter_for_all", 1.195262},
    {CheckedFunction::kConvForward, "mean_for_sum", 0.227716},
    {CheckedFunction::kConvForward, "first_image_alone", 0.071890 / 2},  // 0.071890 over the first of the two images
    {CheckedFunction::kConvForward, "edge_for_zeros", 1.010430},
    {CheckedFunction::kConvForward, "filter_turned", 0.551128},  // to which the mean is blind
    {CheckedFunction::kConvBackward, "", 1.452438},
    {CheckedFunction::kConvBackward, "stride_unused", 0.634770},
    {CheckedFunction::kConvBackward, "input_gradient_assigned", 0.070767},
    {CheckedFunction::kConvBackward, "last_image_cropped_alone", 0.415288},
};

CheckArray drawn(cli::NumpyRandom& random, const Shape<4>& shape) {
  const Tensor<double, 4> tensor = random.randn(shape);
  return {{shape.begin(), shape.end()}, {tensor.begin(), tensor.end()}};
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

CheckCase forward_test() {
  cli::NumpyRandom random(1);
  CheckCase one{.stride = 2, .pad = 1};
  one.inputs.push_back(drawn(random, {2, 5, 7, 4}));
  one.inputs.push_back(drawn(random, {3, 3, 4, 8}));
  one.inputs.push_back(drawn(random, {1, 1, 1, 8}));
  return one;
}

// Its gradient of Z is Z itself.
CheckCase backward_test() {
  cli::NumpyRandom random(1);
  CheckCase one{.stride = 2, .pad = 2};
  one.inputs.push_back(drawn(random, {10, 4, 4, 3}));
  one.inputs.push_back(drawn(random, {2, 2, 3, 8}));
  one.inputs.push_back(drawn(random, {1, 1, 1, 8}));
  one.inputs.insert(one.inputs.begin(), (*outputs_of(CheckedFunction::kConvForward, {one}, Choices()))[0][0]);
  return one;
}

class CheckFigureTest : public testing::TestWithParam<Figure> {};

TEST_P(CheckFigureTest, MistakesGiveTheFiguresThatLearnersSaw) {
  const CheckCase one = GetParam().function == CheckedFunction::kConvForward ? forward_test() : backward_test();
  Choices choices;
  for (const Mutant* mutant : mutants_of(GetParam().function)) {
    if (mutant->name == std::string(GetParam().mistake)) mutant->change(choices);
  }
  const auto yours = outputs_of(GetParam().function, {one}, choices);
  ASSERT_TRUE(yours);
  EXPECT_NEAR(mean_of((*yours)[0][0].values), GetParam().mean, 5e-7);
  const CheckFinding finding = check_outputs(GetParam().function, std::span(&one, 1), *yours);
  EXPECT_EQ(finding.mistakes, std::string(GetParam().mistake).empty() ? std::vector<std::string>{}
                                                                      : std::vector<std::string>{GetParam().mistake});
}

INSTANTIATE_TEST_SUITE_P(All, CheckFigureTest, testing::ValuesIn(kFigures));

}  // namespace
}  // namespace convstep::check
