#include "cli/near.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace convstep::cli {
namespace {

constexpr size_t kLettersPerChange = 3;
constexpr size_t kLongestWord = 64;  // no known word is near to a longer one

bool alike(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// The optimal string alignment distance, row by row of its table.
size_t changes(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> table(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = alike(a[i - 1], b[j - 1]);
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && alike(a[i - 1], b[j - 2]) && alike(a[i - 2], b[j - 1]);
      if (swapped) table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

// The one known word that begins with this one, of two letters or more; or empty.
std::string only_longer(std::string_view word, std::span<const std::string> known) {
  const size_t dashes = std::min(word.find_first_not_of('-'), word.size());
  if (word.size() < dashes + 2) return {};
  std::string found;
  for (const std::string& candidate : known) {
    if (!candidate.starts_with(word)) continue;
    if (!found.empty()) return {};
    found = candidate;
  }
  return found;
}

// Words of other libraries and commands whose spelling does not tell; and words of ours, the first of which has to be
// known.
struct OtherWord {
  std::string_view theirs, ours;
};
constexpr OtherWord kOtherWords[] = {{"avg", "average"},
                                     {"mean", "average"},
                                     {"lrelu", "leaky_relu"},
                                     {"linear", "none"},
                                     {"identity", "none"},
                                     {"--V", "--version"},
                                     {"--v", "--version"},
                                     {"--relu", "--activation relu"},
                                     {"--relu6", "--activation relu6"},
                                     {"--leaky-relu", "--activation leaky_relu"},
                                     {"--leaky_relu", "--activation leaky_relu"},
                                     {"--sigmoid", "--activation sigmoid"},
                                     {"--tanh", "--activation tanh"},
                                     {"--max", "--mode max"},
                                     {"--avg", "--mode average"},
                                     {"--mean", "--mode average"},
                                     {"--average", "--mode average"},
                                     {"--l2", "--mode l2"},
                                     {"--size", "--window"},
                                     {"--kernel", "--window"},
                                     {"--kernel-size", "--window"},
                                     {"--kernel_size", "--window"},
                                     {"--kernel-shape", "--window"},
                                     {"--kernel_shape", "--window"},
                                     {"--pool-size", "--window"},
                                     {"--pool_size", "--window"},
                                     {"--filter-size", "--window"},
                                     {"--size", "--shape"},
                                     {"--pads", "--padding"},
                                     {"--include-pad", "--count-include-pad"},
                                     {"--type", "--dtype"}};

}  // namespace

std::string other_word(std::string_view word, std::span<const std::string> known) {
  for (const auto& [theirs, ours] : kOtherWords) {
    if (word != theirs) continue;
    const std::string_view first = ours.substr(0, ours.find(' '));
    if (std::find(known.begin(), known.end(), first) != known.end()) return std::string(ours);
  }
  return {};
}

std::string nearest(std::string_view word, std::span<const std::string> known) {
  std::string best = other_word(word, known);
  if (!best.empty() || word.size() > kLongestWord) return best;
  const size_t letters = word.size() - std::min(word.find_first_not_of('-'), word.size());
  size_t fewest = std::max<size_t>(letters / kLettersPerChange, 1) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = changes(word, candidate);
    if (distance >= fewest || distance >= candidate.size()) continue;
    fewest = distance;
    best = candidate;
  }
  return best.empty() ? only_longer(word, known) : best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const std::string meant = nearest(word, known);
  return meant.empty() ? "" : "; did you mean " + meant + "?";
}

}  // namespace convstep::cli
