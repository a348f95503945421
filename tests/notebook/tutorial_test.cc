#include "notebook/tutorial.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

struct Run {
  bool passed;
  std::string text;
};

Run run(const std::vector<std::string>& parts, std::span<const DocumentPrintout> printouts = all_printouts()) {
  std::ostringstream out;
  const bool passed = run_tutorial(parts, out, printouts).passed;
  return {passed, out.str()};
}

size_t count(const std::string& text, const std::string& word) {
  size_t found = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

TEST(Tutorial, ReproducesEveryFigureOfTheNotebook) {
  const auto [passed, text] = run({});
  EXPECT_TRUE(passed) << text;
  EXPECT_EQ(count(text, "[ok]"), all_printouts().size()) << text;
  EXPECT_TRUE(text.ends_with("\nAll 362 figures are the notebook's, to the last digit.\n")) << text;
}

TEST(Tutorial, PrintsAsTheNotebookDoes) {
  const std::string text = run({"conv_forward"}).text;
  EXPECT_NE(text.find("Z's mean =\n 0.6923608807576933\n"), std::string::npos) << text;
  EXPECT_NE(text.find("cache_conv[0][1][2][3] =\n [-1.1191154   1.9560789  -0.3264995  -1.34267579]\n"),
            std::string::npos)
      << text;
}

TEST(Tutorial, WorksOutTheOutputSizes) {
  EXPECT_NE(run({"conv_forward"}).text.find("n_W = floor((7 - 3 + 2*1) / 2) + 1 = 4"), std::string::npos);
  EXPECT_NE(run({"pool_stride_2"}).text.find("n_H = floor((5 - 3) / 2) + 1 = 2"), std::string::npos);
}

// Each printout in turn with its last digit changed, or, of a mask, its last letter.
TEST(Tutorial, ReportsEveryCorruptedPrintout) {
  for (size_t i = 0; i < all_printouts().size(); ++i) {
    std::vector<DocumentPrintout> printouts(all_printouts().begin(), all_printouts().end());
    std::string corrupted(printouts[i].text);
    const size_t last = corrupted.find_last_of("0123456789e");
    corrupted[last] = corrupted[last] == '0' ? '1' : '0';
    printouts[i].text = corrupted;
    const auto [passed, text] = run({}, printouts);
    EXPECT_FALSE(passed) << corrupted;
    EXPECT_EQ(count(text, "[DIFFERS]"), 1) << text;
    EXPECT_TRUE(text.ends_with("\nNot every figure is the notebook's: see the marks above.\n")) << text;
  }
}

TEST(Tutorial, NamesTheFigureThatDiffers) {
  const DocumentPrintout printouts[] = {{"conv_single_step", "Z", PrintoutKind::kCell, "-6.999089450680222"}};
  const auto [passed, text] = run({"conv_single_step"}, printouts);
  EXPECT_FALSE(passed);
  EXPECT_NE(text.find("figure 1: expected -6.999089450680222, got -6.999089450680221"), std::string::npos) << text;
}

TEST(Tutorial, MissesWhatWasNotComputed) {
  const DocumentPrintout printouts[] = {{"conv_single_step", "Y", PrintoutKind::kCell, "1.0"}};
  const auto [passed, text] = run({"conv_single_step"}, printouts);
  EXPECT_FALSE(passed);
  EXPECT_NE(text.find("[MISSING]"), std::string::npos) << text;
}

TEST(Tutorial, GoesTheWayBack) {
  const std::string text = run({"conv_backward", "conv_backward_v1", "create_mask", "pool_backward"}).text;
  EXPECT_EQ(count(text, "[ok] as the full notebook prints it"), 12) << text;
  EXPECT_NE(text.find("dA_mean = 1.4524377775388075\n"), std::string::npos) << text;
  EXPECT_NE(text.find("mask =\n [[ True False False]\n [False False False]]"), std::string::npos) << text;
  EXPECT_LT(text.find("mode = max"), text.find("mode = average"));
}

TEST(Tutorial, RunsThePartsAskedFor) {
  const std::string text = run({"pool_stride_1", "zero_pad"}).text;
  EXPECT_LT(text.find("4.1  pool_forward"), text.find("3.1  zero_pad"));
  EXPECT_EQ(text.find("conv_forward:"), std::string::npos);
}

TEST(Tutorial, RejectsUnknownParts) {
  std::ostringstream out;
  EXPECT_THROW(run_tutorial(std::vector<std::string>{"zero_pad", "conv_backwards"}, out), ParameterError);
  EXPECT_EQ(out.str(), "");
}

TEST(Tutorial, ListsItsParts) {
  std::vector<std::string> names;
  for (const TutorialPart& part : tutorial_parts()) names.emplace_back(part.name);
  EXPECT_EQ(names, (std::vector<std::string>{"zero_pad", "conv_single_step", "conv_forward", "pool_stride_1",
                                             "pool_stride_2", "conv_backward", "conv_backward_v1", "create_mask",
                                             "distribute_value", "pool_backward"}));
}

TEST(Tutorial, KeepsThePicturesOfTheDocument) {
  std::ostringstream out;
  const TutorialResult result = run_tutorial({}, out);
  ASSERT_EQ(result.pictures.size(), 3);
  const TutorialPicture& padding = result.pictures[0];
  EXPECT_EQ(padding.stem, "zero_pad");
  ASSERT_EQ(padding.panels.size(), 2);
  EXPECT_EQ(padding.panels[0].title, "x");
  EXPECT_EQ(padding.panels[1].title, "x_pad");
  EXPECT_EQ(padding.panels[1].plane.shape(), (Shape<2>{7, 7}));
  EXPECT_EQ(padding.panels[0].plane(0, 0), 1.6243453636632417);
  EXPECT_EQ(padding.panels[1].plane(2, 2), 1.6243453636632417);
  EXPECT_EQ(padding.panels[1].plane(1, 2), 0);
  const TutorialPicture& pooling = result.pictures[2];
  EXPECT_EQ(pooling.stem, "pool_stride_2");
  ASSERT_EQ(pooling.panels.size(), 3);
  EXPECT_EQ(pooling.panels[1].title, "max");
  EXPECT_EQ(pooling.panels[1].plane.shape(), (Shape<2>{2, 2}));
}

TEST(ComparePrintouts, ComparesFigureByFigure) {
  EXPECT_TRUE(compare_printouts("[[ 1.5  0. ]\n [-2.   1e-05]]", "[1.5 0.]\n[-2. 1e-05]").differences.empty());
  EXPECT_EQ(compare_printouts("(1, 2)", "(1, 2)").compared, 2);
}

TEST(ComparePrintouts, FindsChangedDigits) {
  const Comparison comparison = compare_printouts("[1.25 2.5 3.]", "[1.25 2.4 3.]");
  ASSERT_EQ(comparison.differences.size(), 1);
  EXPECT_EQ(comparison.differences[0].position, 1);
  EXPECT_EQ(comparison.differences[0].expected, "2.5");
  EXPECT_EQ(comparison.differences[0].got, "2.4");
  EXPECT_EQ(compare_printouts("1.50", "1.5").differences.size(), 1);
  EXPECT_EQ(compare_printouts("-1.5", "1.5").differences.size(), 1);
}

TEST(ComparePrintouts, FindsMissingAndExtraFigures) {
  EXPECT_EQ(compare_printouts("[1. 2.]", "[1.]").differences.size(), 1);
  EXPECT_EQ(compare_printouts("[1.]", "[1. 2.]").differences.size(), 1);
  EXPECT_TRUE(compare_printouts("[1.", "[1. 2.]", true).differences.empty());
  EXPECT_EQ(compare_printouts("[1. 2.", "[1.]", true).differences.size(), 1);
}

}  // namespace
}  // namespace convstep::cli
