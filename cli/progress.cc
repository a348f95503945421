#include "cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/terminal.h"

namespace convstep::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{100};  // ten pictures a second look smooth and cost nothing
constexpr size_t kColumns = 80;                      // where nobody knows how many there are
constexpr size_t kWidest = 40, kNarrowest = 5;       // the bar without its brackets

// "\rLABEL [###  ]  60%". One column stays free, as many terminals go on to the next line once the last one is written.
std::string bar_text(const std::string& label, double part, size_t columns) {
  const std::string percentage = fmt::format("{:3.0f}%", part * 100);
  const size_t others = label.size() + std::string(" [").size() + std::string("] ").size() + percentage.size() + 1;
  if (columns < others + kNarrowest) return fmt::format("\r{}", percentage);
  const size_t width = std::min(columns - others, kWidest);
  const auto filled = static_cast<size_t>(part * static_cast<double>(width));
  return fmt::format("\r{} [{:<{}}] {}", label, std::string(filled, '#'), width, percentage);
}

}  // namespace

ProgressBar::ProgressBar(std::string label, std::chrono::milliseconds patience)
    : label_(std::move(label)), shown_(can_redraw(STDERR_FILENO)), next_(Clock::now() + patience) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

ProgressCallback ProgressBar::callback() {
  if (!shown_) return {};
  return [this](int64_t done, int64_t total) { show(done, total); };
}

void ProgressBar::show(int64_t done, int64_t total) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  drawn_ = true;
  const double part = static_cast<double>(done) / static_cast<double>(total);
  fmt::print(stderr, "{}", bar_text(label_, part, line_width(STDERR_FILENO).value_or(kColumns)));
  std::fflush(stderr);
}

}  // namespace convstep::cli
