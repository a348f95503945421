#include "network/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace convstep::network {
namespace {

// "1,234,567"
std::string with_commas(double number) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.0f", number);
  std::string text = digits;
  for (size_t k = text.size(); k > 3; k -= 3) text.insert(k - 3, 1, ',');
  return text;
}

std::string fixed(double number, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, number);
  return text;
}

// "3.1 MB"
std::string bytes(double count) {
  constexpr const char* kUnits[] = {"B", "KB", "MB", "GB", "TB"};
  size_t unit = 0;
  while (count >= 1000 && unit + 1 < std::size(kUnits)) {
    count /= 1000;
    ++unit;
  }
  return fixed(count, unit == 0 ? 0 : 1) + " " + kUnits[unit];
}

// The cells of a line; the first columns are words, the others numbers.
using Line = std::vector<std::string>;
constexpr size_t kWords = 3;

std::string laid_out(const std::vector<Line>& lines) {
  std::vector<size_t> widths(lines[0].size(), 0);
  for (const Line& line : lines) {
    for (size_t k = 0; k < line.size(); ++k) widths[k] = std::max(widths[k], line[k].size());
  }
  std::string text;
  for (const Line& line : lines) {
    std::string row;
    for (size_t k = 0; k < line.size(); ++k) {
      const std::string gap(widths[k] - line[k].size(), ' ');
      row += (k == 0 ? "" : "  ") + (k < kWords ? line[k] + gap : gap + line[k]);
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

Line line_of(const NetworkStep& step, double all_seconds, bool has_times) {
  Line line{step.name,
            step.output_shape.empty() && step.operation.empty()
                ? ""
                : convstep::to_string(step.output_shape.data(), static_cast<int>(step.output_shape.size())),
            step.method,
            with_commas(static_cast<double>(step.parameters)),
            with_commas(step.multiply_adds),
            bytes(static_cast<double>(step.output_bytes))};
  if (!has_times) return line;
  line.push_back(fixed(1e3 * step.seconds, 3));
  line.push_back(all_seconds > 0 ? fixed(100 * step.seconds / all_seconds, 1) : "");
  line.push_back(step.seconds > 0 ? fixed(step.multiply_adds / step.seconds / 1e9, 1) : "");
  return line;
}

}  // namespace

std::string table_of(const std::vector<NetworkStep>& steps, size_t memory_bytes, bool has_times) {
  NetworkStep sum;
  sum.name = "sum";
  for (const NetworkStep& step : steps) {
    sum.parameters += step.parameters;
    sum.multiply_adds += step.multiply_adds;
    sum.seconds += step.seconds;
  }
  sum.output_bytes = static_cast<int64_t>(memory_bytes);  // in the arena, which is shared
  std::vector<Line> lines{{"layer", "output", "method", "parameters", "multiply-adds", "memory"}};
  if (has_times) lines[0].insert(lines[0].end(), {"ms", "%", "10^9/s"});
  for (const NetworkStep& step : steps) lines.push_back(line_of(step, sum.seconds, has_times));
  lines.push_back(line_of(sum, sum.seconds, has_times));
  return laid_out(lines);
}

}  // namespace convstep::network
