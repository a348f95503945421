#include "cli/help.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace convstep::cli {
namespace {

constexpr size_t kOptionColumn = 30;   // where CLI11 begins the texts of options, at least one space behind their names
constexpr size_t kNarrowIndent = 6;    // of the second column in a terminal that is too narrow for two
constexpr size_t kNarrowestText = 25;  // characters of a second column

// Where the second column of a table begins, such as the texts of options; or npos.
size_t second_column(const std::string& line, size_t begin) {
  if (begin >= kOptionColumn) return begin;  // below a long name
  const size_t gap = line.find("  ", begin);
  if (gap != std::string::npos) return line.find_first_not_of(' ', gap);
  const bool option = line[begin] == '-' && line.size() > kOptionColumn && line[kOptionColumn - 1] == ' ';
  return option ? kOptionColumn : std::string::npos;
}

// The words of the text in lines of at most `width`, the first of which begins with `head`, the others indented. A list
// of values is one word, which may also end behind a bar: "none|relu|".
std::string filled(const std::string& text, std::string head, size_t indent, size_t width) {
  std::string all;
  std::string line = std::move(head);
  bool empty = true;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const char* between = " ";
    for (size_t begin = 0; begin < word.size(); between = "") {
      const size_t end = std::min(word.find('|', begin), word.size() - 1) + 1;
      if (!empty && line.size() + std::strlen(between) + end - begin > width) {
        all += line + "\n";
        line.assign(indent, ' ');
        empty = true;
      }
      if (!empty) line += between;
      line.append(word, begin, end - begin);
      empty = false;
      begin = end;
    }
  }
  return all + line;
}

std::string wrapped_line(const std::string& line, size_t width) {
  const size_t begin = line.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  const size_t column = second_column(line, begin);
  if (column == std::string::npos) return filled(line.substr(begin), line.substr(0, begin), begin + 2, width);
  const std::string text = line.substr(column);
  if (width >= column + kNarrowestText) return filled(text, line.substr(0, column), column, width);
  std::string name = line.substr(0, column);
  name.erase(name.find_last_not_of(' ') + 1);
  const std::string below = filled(text, std::string(kNarrowIndent, ' '), kNarrowIndent, width);
  return name.empty() ? below : name + "\n" + below;
}

}  // namespace

std::string wrapped_help(const std::string& help, size_t width) {
  std::string all;
  bool example = false;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    example = line.starts_with("Example") || (example && !line.empty());
    all += (example || line.size() <= width ? line : wrapped_line(line, width)) + "\n";
  }
  return all;
}

}  // namespace convstep::cli
